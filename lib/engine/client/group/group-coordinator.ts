import { singleFlight } from '../../single-flight.js';
import type { BrokerAddress, BrokerLink } from '../connection/broker-link.js';
import type { Cluster } from '../connection/cluster.js';
import type { ApiName, RequestDefinition } from '../connection/kafkajs-internals.js';

/**
 * What a connection to the coordinator is for. Each has its own: a join is answered when the whole group has joined, and
 * neither heartbeats nor commits may wait for it, or for one another.
 */
export type CoordinatorPurpose = 'heartbeat' | 'join' | 'offsets';

/** The broker that keeps a group. Looked up when it is needed, and again when it has moved or cannot be reached. */
export class GroupCoordinator {
  private readonly find = singleFlight(() => this.lookUp());
  private readonly links = new Map<CoordinatorPurpose, BrokerLink>();
  private address: BrokerAddress | undefined;

  constructor(
    private readonly cluster: Cluster,
    readonly group: string,
  ) {}

  /** @throws when no coordinator is to be had, or the request is not answered */
  async request<T>(
    purpose: CoordinatorPurpose,
    api: ApiName,
    args: object,
    options?: Partial<RequestDefinition>,
  ): Promise<T> {
    const link = await this.linkFor(purpose);
    try {
      return await link.request<T>(api, { groupId: this.group, ...args }, options);
    } catch (error) {
      if (this.links.get(purpose) === link) {
        this.moved();
        await this.abandon(purpose);
      }
      throw error; // of what was given up, it says nothing about the coordinator
    }
  }

  /** It is another broker now, or not ready: the next request looks it up again. What is under way may still be answered. */
  moved(): void {
    this.address = undefined;
  }

  /** Gives up what is under way for a purpose. */
  async abandon(purpose: CoordinatorPurpose): Promise<void> {
    const link = this.links.get(purpose);
    this.links.delete(purpose);
    if (link) await this.cluster.drop(link);
  }

  private async linkFor(purpose: CoordinatorPurpose): Promise<BrokerLink> {
    const link = this.cluster.link(this.address ?? (await this.find()), `${purpose} of ${this.group}`);
    const previous = this.links.get(purpose);
    this.links.set(purpose, link);
    if (previous && previous !== link) await this.cluster.drop(previous);
    return link;
  }

  private async lookUp(): Promise<BrokerAddress> {
    return (this.address = await this.cluster.findCoordinator(this.group));
  }
}
