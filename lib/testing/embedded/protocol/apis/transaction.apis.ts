import { array, bool, epoch, int16, int32, int64, nullableString, offset, string, struct } from '../codec.js';
import { api } from './api.js';

const throttleTimeMs = int32;
const errorCode = int16;
const producer = { transactionalId: string, producerId: int64, producerEpoch: int16 };

/** Idempotent and transactional producers. */
export const transactionApis = {
  InitProducerId: api(
    22,
    1,
    struct({ transactionalId: nullableString, timeoutMs: int32 }),
    struct({ throttleTimeMs, errorCode, producerId: offset, producerEpoch: epoch }),
  ),
  AddPartitionsToTxn: api(
    24,
    1,
    struct({ ...producer, topics: array(struct({ topic: string, partitions: array(int32) })) }),
    struct({
      throttleTimeMs,
      topics: array(struct({ topic: string, partitions: array(struct({ partition: int32, errorCode })) })),
    }),
  ),
  AddOffsetsToTxn: api(25, 1, struct({ ...producer, groupId: string }), struct({ throttleTimeMs, errorCode })),
  EndTxn: api(26, 1, struct({ ...producer, committed: bool }), struct({ throttleTimeMs, errorCode })),
  TxnOffsetCommit: api(
    28,
    1,
    struct({
      transactionalId: string,
      groupId: string,
      producerId: int64,
      producerEpoch: int16,
      topics: array(
        struct({
          topic: string,
          partitions: array(struct({ partition: int32, offset: int64, metadata: nullableString })),
        }),
      ),
    }),
    struct({
      throttleTimeMs,
      topics: array(struct({ topic: string, partitions: array(struct({ partition: int32, errorCode })) })),
    }),
  ),
};
