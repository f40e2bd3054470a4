import { expect, it } from '@jest/globals';
import { topicNameFault } from '../../../lib/engine/topic-name.js';

it.each(['a', 'orders.created', 'A_b-9', '...', 'x'.repeat(249)])('%s is legal', (name) => {
  expect(topicNameFault(name)).toBeUndefined();
});

it.each([
  ['', 'is empty'],
  ['.', 'must not be "." or ".."'],
  ['..', 'must not be "." or ".."'],
  ['x'.repeat(250), 'has 250 characters, 249 are allowed'],
  ['a b', 'may only have letters, digits, ".", "_" and "-"'],
  ['orders\n', 'may only have letters, digits, ".", "_" and "-"'],
  ['größe', 'may only have letters, digits, ".", "_" and "-"'],
])('%j %s', (name, fault) => {
  expect(topicNameFault(name)).toBe(fault);
});
