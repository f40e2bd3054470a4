import { type ApiName, type RequestOf, type ResponseOf } from '../../../lib/testing/embedded/protocol/apis.js';
import { errorName } from '../../../lib/testing/embedded/protocol/errors.js';
import { eventually } from './eventually.js';
import { type Target } from './target.js';
import { WireClient } from './wire-client.js';

/** Wire clients for all brokers of a target, and who leads or coordinates what. */
export class WireCluster {
  private readonly clients = new Map<number, WireClient>();
  private readonly extra: WireClient[] = [];

  private constructor(private readonly addresses: Map<number, string>) {}

  static async open({ brokers }: Target): Promise<WireCluster> {
    const bootstrap = await WireClient.connect(brokers[0] as string);
    const metadata = await bootstrap.request('Metadata', { topics: [], allowAutoTopicCreation: false });
    bootstrap.close();
    const cluster = new WireCluster(
      new Map(metadata.brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`])),
    );
    for (const [id, address] of cluster.addresses) cluster.clients.set(id, await WireClient.connect(address));
    return cluster;
  }

  get any(): WireClient {
    return [...this.clients.values()][0] as WireClient;
  }

  /** Every broker but this one; none on a cluster of one broker. */
  others(client: WireClient): WireClient[] {
    return [...this.clients.values()].filter((other) => other !== client);
  }

  /** One more connection to the broker of a client: a second member, as answers come in order. */
  async another(client: WireClient): Promise<WireClient> {
    const id = [...this.clients].find(([, other]) => other === client)?.[0] as number;
    const another = await WireClient.connect(this.addresses.get(id) as string);
    this.extra.push(another);
    return another;
  }

  async leader(topic: string, partition = 0): Promise<WireClient> {
    return eventually(async () => {
      const { topics } = await this.any.request('Metadata', { topics: [topic], allowAutoTopicCreation: false });
      const leader = topics[0]?.partitions.find((one) => one.partition === partition)?.leader ?? -1;
      return this.broker(leader);
    });
  }

  async coordinator(key: string, keyType: 0 | 1 = 0): Promise<WireClient> {
    return eventually(async () => {
      const found = await this.any.request('FindCoordinator', { key, keyType });
      const coordinator = this.broker(found.nodeId);
      if (keyType === 0) await demandGroups(coordinator, key);
      return coordinator;
    });
  }

  close(): void {
    for (const client of [...this.clients.values(), ...this.extra]) client.close();
  }

  /** The client of a broker. */
  broker(id: number): WireClient {
    const client = this.clients.get(id);
    if (!client) throw new Error(`expected a broker of the cluster, got ${id}`);
    return client;
  }
}

/** A young broker is named as coordinator before it knows that it is one. */
async function demandGroups(coordinator: WireClient, group: string): Promise<void> {
  const error = errorIn(await coordinator.request('DescribeGroups', { groups: [group] }));
  if (error !== 'NONE') throw new Error(`the coordinator still answers ${error}`);
}

/** Repeats a request while the broker still loads what it is about. */
export async function ask<A extends ApiName>(
  client: WireClient,
  api: A,
  request: RequestOf<A>,
): Promise<ResponseOf<A>> {
  return eventually(async () => {
    const answer = await client.request(api, request);
    const error = errorIn(answer);
    if (PASSING.includes(error)) throw new Error(`${api} still answers ${error}`);
    return answer;
  });
}

const PASSING = ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'CONCURRENT_TRANSACTIONS'];

/** Name of the first error in an answer, at any depth; `NONE` without one. */
export function errorIn(answer: unknown): string {
  const code = firstCode(answer);
  return code === 0 ? 'NONE' : errorName(code);
}

function firstCode(value: unknown): number {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return 0;
  const { errorCode } = value as { errorCode?: number };
  if (errorCode) return errorCode;
  for (const inner of Object.values(value)) {
    const code = firstCode(inner);
    if (code !== 0) return code;
  }
  return 0;
}
