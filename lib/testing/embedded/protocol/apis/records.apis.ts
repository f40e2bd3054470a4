import {
  array,
  batches,
  bool,
  bytes,
  generation,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  nullableString,
  offset,
  string,
  struct,
} from '../codec.js';
import { api } from './api.js';

/** Reading and writing records, and where they are. */
export const recordApis = {
  Produce: api(
    0,
    7,
    struct({
      transactionalId: nullableString,
      acks: int16,
      timeoutMs: int32,
      topics: array(struct({ topic: string, partitions: array(struct({ partition: int32, records: bytes })) })),
    }),
    struct({
      topics: array(
        struct({
          topic: string,
          partitions: array(
            struct({
              partition: int32,
              errorCode: int16,
              baseOffset: offset,
              logAppendTime: offset,
              logStartOffset: offset,
            }),
          ),
        }),
      ),
      throttleTimeMs: int32,
    }),
  ),
  Fetch: api(
    1,
    11,
    struct({
      replicaId: int32,
      maxWaitMs: int32,
      minBytes: int32,
      maxBytes: int32,
      isolationLevel: int8,
      sessionId: int32,
      sessionEpoch: int32,
      topics: array(
        struct({
          topic: string,
          partitions: array(
            struct({
              partition: int32,
              currentLeaderEpoch: int32,
              fetchOffset: int64,
              logStartOffset: int64,
              maxBytes: int32,
            }),
          ),
        }),
      ),
      forgotten: array(struct({ topic: string, partitions: array(int32) })),
      rackId: string,
    }),
    struct({
      throttleTimeMs: int32,
      errorCode: int16,
      sessionId: int32,
      topics: array(
        struct({
          topic: string,
          partitions: array(
            struct({
              partition: int32,
              errorCode: int16,
              highWatermark: offset,
              lastStableOffset: offset,
              logStartOffset: offset,
              abortedTransactions: array(struct({ producerId: int64, firstOffset: int64 })),
              preferredReadReplica: generation,
              records: batches,
            }),
          ),
        }),
      ),
    }),
    { isItemError: (error) => error !== 'FETCH_SESSION_ID_NOT_FOUND' && error !== 'INVALID_FETCH_SESSION_EPOCH' },
  ),
  ListOffsets: api(
    2,
    3,
    struct({
      replicaId: int32,
      isolationLevel: int8,
      topics: array(struct({ topic: string, partitions: array(struct({ partition: int32, timestamp: int64 })) })),
    }),
    struct({
      throttleTimeMs: int32,
      topics: array(
        struct({
          topic: string,
          partitions: array(struct({ partition: int32, errorCode: int16, timestamp: offset, offset })),
        }),
      ),
    }),
  ),
  Metadata: api(
    3,
    6,
    struct({ topics: nullableArray(string), allowAutoTopicCreation: bool }),
    struct({
      throttleTimeMs: int32,
      brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: nullableString })),
      clusterId: nullableString,
      controllerId: int32,
      topics: array(
        struct({
          errorCode: int16,
          topic: string,
          isInternal: bool,
          partitions: array(
            struct({
              errorCode: int16,
              partition: int32,
              leader: generation,
              replicas: array(int32),
              isr: array(int32),
              offlineReplicas: array(int32),
            }),
          ),
        }),
      ),
    }),
  ),
};
