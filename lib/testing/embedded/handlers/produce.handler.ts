import { type Cluster } from '../cluster/cluster.js';
import { type Topic } from '../cluster/topic.js';
import { parseBatch, type RecordBatch } from '../log/record-batch.js';
import { type RequestOf, type ResponseOf } from '../protocol/apis.js';
import { Refusal } from '../protocol/errors.js';
import { type Call, type Handlers, perPartition } from './handler.js';

type Request = RequestOf<'Produce'>;

/** Appends records. All values of `acks` come to the same, for there is nothing to replicate; 0 gets no answer. */
export function produceHandlers(cluster: Cluster): Handlers<'Produce'> {
  return {
    Produce: (request, call) => {
      const { acks } = request;
      if (acks < -1 || acks > 1) throw new Refusal('INVALID_REQUIRED_ACKS', `expected acks -1, 0 or 1, got ${acks}`);
      const topics = perPartition('Produce', request.topics, (topic, index, { records }) =>
        append(cluster, call, request, topic, index, records),
      );
      if (acks !== 0) return { topics, throttleTimeMs: 0 };
      // Closing is Kafka's only way to tell a producer that wants no answer of a failure.
      if (hasErrors(topics)) call.close();
      return undefined;
    },
  };
}

function append(cluster: Cluster, { node }: Call, request: Request, name: string, index: number, records: Buffer) {
  const topic = cluster.topics.get(name);
  const { log, leaderEpoch } = cluster.topics.led(name, index, node);
  const batch = accept(cluster, topic, index, request, records);
  const logAppendTime = topic.hasLogAppendTime ? Date.now() : undefined;
  const baseOffset = log.append(batch, { leaderEpoch, logAppendTime });
  return { baseOffset, logAppendTime: logAppendTime ?? -1, logStartOffset: log.startOffset };
}

function accept(cluster: Cluster, topic: Topic, index: number, request: Request, records: Buffer): RecordBatch {
  const { maxMessageBytes } = topic;
  if (records.length > maxMessageBytes) {
    throw new Refusal('MESSAGE_TOO_LARGE', `expected at most ${maxMessageBytes} bytes, got ${records.length}`);
  }
  const batch = parseBatch(records);
  if (batch.isTransactional) {
    const transactionalId = request.transactionalId ?? '';
    cluster.transactions.expectPartition({ transactionalId, ...batch }, topic.name, index);
  }
  return batch;
}

function hasErrors(topics: ResponseOf<'Produce'>['topics']): boolean {
  return topics.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode !== 0));
}
