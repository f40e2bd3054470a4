import { type Cluster } from '../cluster/cluster.js';
import { type PartitionLog } from '../log/partition-log.js';
import { type RequestOf, type ResponseOf } from '../protocol/apis.js';
import { type Call, type Handlers, perPartition } from './handler.js';

type Request = RequestOf<'Fetch'>;
type Topics = ResponseOf<'Fetch'>['topics'];

/** What one look at the partitions found, and whether it is worth an answer. */
interface Look {
  topics: Topics;
  bytes: number;
  failed: boolean;
}

/**
 * Reads records: at once if there are `minBytes`, or an error; else when there are, or `maxWaitMs` is over.
 *
 * Only leaders answer, where Kafka's followers do too (KIP-392): a client has to notice that a leader has moved.
 */
export function fetchHandlers(cluster: Cluster): Handlers<'Fetch'> {
  return {
    Fetch: async (request, call) => {
      const first = look(cluster, request, call);
      const { topics } = isEnough(first, request) ? first : await wait(cluster, request, call);
      return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, topics };
    },
  };
}

function isEnough({ bytes, failed }: Look, { minBytes, maxWaitMs }: Request): boolean {
  return failed || bytes >= minBytes || maxWaitMs <= 0;
}

function look(cluster: Cluster, request: Request, { node }: Call): Look {
  let bytes = 0;
  const committedOnly = request.isolationLevel === 1;
  const topics = perPartition('Fetch', request.topics, (topic, index, asked) => {
    const { log } = cluster.topics.led(topic, index, node);
    const maxBytes = Math.min(asked.maxBytes, request.maxBytes - bytes);
    const slice = log.read({ from: asked.fetchOffset, maxBytes, atLeastOne: bytes === 0, committedOnly });
    bytes += slice.bytes;
    return {
      highWatermark: log.endOffset,
      lastStableOffset: log.lastStableOffset,
      logStartOffset: log.startOffset,
      abortedTransactions: slice.aborted,
      preferredReadReplica: -1,
      records: slice.batches,
    };
  });
  return { topics, bytes, failed: topics.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode)) };
}

function wait(cluster: Cluster, request: Request, call: Call): Promise<Look> {
  return new Promise((resolve) => {
    const finish = (found: Look) => {
      clearTimeout(timer);
      for (const unsubscribe of subscriptions) unsubscribe();
      call.signal.removeEventListener('abort', giveUp);
      resolve(found);
    };
    const giveUp = () => finish({ topics: [], bytes: 0, failed: true });
    const lookAgain = () => {
      const found = look(cluster, request, call);
      if (isEnough(found, request)) finish(found);
    };
    const timer = setTimeout(() => finish(look(cluster, request, call)), request.maxWaitMs).unref();
    const subscriptions = logsOf(cluster, request).map(({ changed }) => changed.subscribe(lookAgain));
    call.signal.addEventListener('abort', giveUp);
    if (call.signal.aborted) giveUp();
  });
}

function logsOf({ topics }: Cluster, request: Request): PartitionLog[] {
  return request.topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => topics.partition(topic, partition).log),
  );
}
