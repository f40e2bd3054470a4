import type { CommittedPosition } from '../../lib/engine/client/consumer-client.js';
import type { RecordToSend } from '../../lib/engine/client/produce/pending-record.js';
import type { TransactionFactory, TransactionWriter } from '../../lib/engine/transactions/transactions.js';

/** Keeps what transactions write, or does with it what a spec says. */
export class FakeTransactions implements TransactionFactory {
  /** Transactional ids in the order in which they were made ready. */
  readonly initialised: string[] = [];

  /** What each transaction that was stored has written: values of records and `orders-0@5`. */
  readonly stored: { values: string[]; positions: string[] }[] = [];

  /** What the broker makes of a transaction. */
  onWrite: () => Promise<void> = () => Promise.resolve();

  writer(transactionalId: string): TransactionWriter {
    return {
      init: () => {
        this.initialised.push(transactionalId);
        return Promise.resolve();
      },
      write: (records, positions) => this.write(records, positions),
      close: () => undefined,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async write(records: readonly RecordToSend[], positions: readonly CommittedPosition[]): Promise<void> {
    await this.onWrite();
    this.stored.push({
      values: records.map(({ value }) => String(value)),
      positions: positions.map(({ topic, partition, offset }) => `${topic}-${partition}@${offset}`),
    });
  }
}
