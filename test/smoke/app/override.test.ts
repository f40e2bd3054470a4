import { expect, test } from '@jest/globals';
import { bootWithoutBroker } from './override.js';

test('a testing module with another consumer', async () => {
  expect(await bootWithoutBroker()).toEqual({ calls: ['start', 'stop'], orders: ['o-1'] });
});
