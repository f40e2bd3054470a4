import type { EngineLogger } from '../../logger.js';
import type { ConnectionSettings } from '../client-settings.js';
import { Cluster } from '../connection/cluster.js';
import { GroupCoordinator } from '../group/group-coordinator.js';
import { TransactionalWriter } from './transactional-writer.js';

/** What all steps of a transaction may take together: less than brokers give it. */
const longestTransactionMs = 30_000;
const maxRequestBytes = 1_048_576;

/** Makes what writes in transactions on positions of one group; all of it shares connections. */
export class TransactionClient {
  private readonly cluster: Cluster;
  private readonly group: GroupCoordinator;

  constructor(
    private readonly settings: ConnectionSettings,
    group: string,
    private readonly logger: EngineLogger,
  ) {
    this.cluster = new Cluster(settings, logger);
    this.group = new GroupCoordinator(this.cluster, group);
  }

  writer(transactionalId: string): TransactionalWriter {
    const { requestTimeoutMs } = this.settings;
    const settings = { ...sending, requestTimeoutMs };
    return new TransactionalWriter(this.cluster, this.group, transactionalId, settings, this.logger);
  }

  close(): Promise<void> {
    return this.cluster.close();
  }
}

const sending = {
  lingerMs: 0,
  deliveryTimeoutMs: longestTransactionMs,
  maxRequestBytes,
  maxBufferedBytes: Infinity,
  compression: 'none',
} as const;
