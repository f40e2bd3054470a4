import { deepStrictEqual } from 'node:assert';
import { bootWithoutBroker } from './override.js';

void bootWithoutBroker().then((result) => deepStrictEqual(result, { calls: ['start', 'stop'], orders: ['o-1'] }));
