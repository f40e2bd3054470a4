import type { ConsumedRecord } from '../client/consumer-client.js';
import { Fifo } from '../fifo.js';
import type { LaneDelivery } from '../recovery/lane-delivery.js';

/** Records of a partition that are handled one after the other. */
export class Lane {
  readonly waiting = new Fifo<ConsumedRecord>();

  /** The first of the waiting records, or a batch of them, on their way through their handlers, from the first attempt on. */
  delivery: LaneDelivery | undefined;

  /** Runs while records wait for others to go with. */
  gathering: NodeJS.Timeout | undefined;

  /** Whether nothing waits in it: what comes next makes it ready. */
  isEmpty = true;

  /** @param key of its records; `undefined` for those without one */
  constructor(readonly key?: string) {}
}
