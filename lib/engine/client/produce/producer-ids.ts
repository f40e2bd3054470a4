import { singleFlight } from '../../single-flight.js';
import type { ProducerId, ProducerIdentity } from './producer-identity.js';

/** The id that partitions of a producer share, asked for once; another one where that is of no use any more. */
export class ProducerIds implements ProducerIdentity {
  readonly transactionalId = null;
  private known: ProducerId | undefined;
  private readonly ask: () => Promise<ProducerId>;

  constructor(initProducerId: () => Promise<ProducerId>) {
    this.ask = singleFlight(async () => (this.known = await initProducerId()));
  }

  async current(): Promise<ProducerId> {
    return this.known ?? this.ask();
  }

  forget(producerId: number): void {
    if (this.known?.producerId === producerId) this.known = undefined;
  }

  enlist(): Promise<void> {
    return Promise.resolve();
  }
}
