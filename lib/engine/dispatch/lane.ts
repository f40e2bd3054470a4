import type { ConsumedRecord } from '../client/consumer-client.js';
import { Fifo } from '../fifo.js';
import type { Delivery } from '../recovery/delivery.js';

/** Records of a partition that are handled one after the other. */
export class Lane {
  readonly waiting = new Fifo<ConsumedRecord>();

  /** The first of the waiting records on its way through its handlers, from its first attempt on. */
  delivery: Delivery | undefined;

  /** Whether nothing waits in it: what comes next makes it ready. */
  isEmpty = true;

  /** @param key of its records; `undefined` for those without one */
  constructor(readonly key?: string) {}
}
