import { type Cluster } from '../cluster/cluster.js';
import { type Node } from '../cluster/node.js';
import { EmbeddedKafkaError } from '../embedded-kafka.error.js';
import { type ConnectionRefusal } from '../faults/fault-options.js';
import { BrokerListener } from './broker-listener.js';
import { type ConnectionOptions } from './connection.js';

/** The listeners of all brokers, started and stopped together or one at a time. */
export class Brokers {
  private readonly listeners = new Map<Node, BrokerListener>();

  constructor(
    private readonly cluster: Cluster,
    options: Omit<ConnectionOptions, 'node'>,
  ) {
    for (const node of cluster.nodes) this.listeners.set(node, new BrokerListener({ ...options, node }));
  }

  async open(): Promise<void> {
    await this.each((listener) => listener.open());
  }

  async close(): Promise<void> {
    await this.each((listener) => listener.close());
  }

  /** @throws EmbeddedKafkaError for a broker that is not there */
  async start(id: number): Promise<void> {
    const node = this.node(id);
    await this.listener(node).open();
    node.up = true;
    this.cluster.elect();
  }

  /** @throws EmbeddedKafkaError for a broker that is not there */
  async stop(id: number): Promise<void> {
    const node = this.node(id);
    node.up = false;
    this.cluster.elect();
    await this.listener(node).close();
  }

  /** Refuses connections for a time in ms, at one broker or at all that are up. */
  async refuse(ms: number, id?: number): Promise<ConnectionRefusal> {
    const nodes = id === undefined ? this.cluster.alive : [this.node(id)];
    const listeners = nodes.map((node) => this.listener(node));
    await Promise.all(listeners.map((listener) => listener.refuse(ms)));
    return {
      cancel: async () => {
        await Promise.all(nodes.filter(({ up }) => up).map((node) => this.listener(node).open()));
      },
    };
  }

  /** @throws EmbeddedKafkaError for a broker that is not there */
  node(id: number): Node {
    const node = this.cluster.nodes.find((one) => one.id === id);
    if (node) return node;
    throw new EmbeddedKafkaError(`expected a broker from 1 to ${this.cluster.nodes.length}, got ${id}`);
  }

  private listener(node: Node): BrokerListener {
    return this.listeners.get(node) as BrokerListener;
  }

  private async each(action: (listener: BrokerListener) => Promise<void>): Promise<void> {
    await Promise.all([...this.listeners.values()].map(action));
  }
}
