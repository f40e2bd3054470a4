import { expect, it } from '@jest/globals';
import { classify } from '../../../../lib/engine/recovery/classify.js';
import { DeserializationError, NonRetriableError, SkipMessageError } from '../../../../lib/messaging/errors.js';

it.each([
  ['a skip', new SkipMessageError('old news'), 'skip'],
  ['a non-retriable error', new NonRetriableError('no such customer'), 'give-up'],
  ['an undecodable payload', new DeserializationError('not JSON'), 'give-up'],
  ['any other error', new TypeError('x is undefined'), 'retry'],
  ['a thrown string', 'boom', 'retry'],
  ['a thrown nothing', undefined, 'retry'],
])('%s asks for %s', (_, error, expected) => {
  expect(classify(error)).toBe(expected);
});
