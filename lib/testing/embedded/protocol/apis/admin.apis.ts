import {
  array,
  bool,
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

const throttleTimeMs = int32;
const errorCode = int16;
const errorMessage = nullableString;

/** Administration of topics and configuration. */
export const adminApis = {
  CreateTopics: api(
    19,
    3,
    struct({
      topics: array(
        struct({
          topic: string,
          numPartitions: int32,
          replicationFactor: int16,
          assignments: array(struct({ partition: int32, brokerIds: array(int32) })),
          configs: array(struct({ name: string, value: nullableString })),
        }),
      ),
      timeoutMs: int32,
      validateOnly: bool,
    }),
    struct({ throttleTimeMs, topics: array(struct({ topic: string, errorCode, errorMessage })) }),
  ),
  DeleteTopics: api(
    20,
    1,
    struct({ topics: array(string), timeoutMs: int32 }),
    struct({ throttleTimeMs, topics: array(struct({ topic: string, errorCode })) }),
  ),
  DeleteRecords: api(
    21,
    1,
    struct({
      topics: array(struct({ topic: string, partitions: array(struct({ partition: int32, offset: int64 })) })),
      timeoutMs: int32,
    }),
    struct({
      throttleTimeMs,
      topics: array(
        struct({ topic: string, partitions: array(struct({ partition: int32, lowWatermark: offset, errorCode })) }),
      ),
    }),
  ),
  DescribeConfigs: api(
    32,
    2,
    struct({
      resources: array(struct({ type: int8, name: string, configNames: nullableArray(string) })),
      includeSynonyms: bool,
    }),
    struct({
      throttleTimeMs,
      resources: array(
        struct({
          errorCode,
          errorMessage,
          type: int8,
          name: string,
          configs: array(
            struct({
              name: string,
              value: nullableString,
              readOnly: bool,
              source: int8,
              isSensitive: bool,
              synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
            }),
          ),
        }),
      ),
    }),
  ),
  AlterConfigs: api(
    33,
    1,
    struct({
      resources: array(
        struct({ type: int8, name: string, configs: array(struct({ name: string, value: nullableString })) }),
      ),
      validateOnly: bool,
    }),
    struct({ throttleTimeMs, resources: array(struct({ errorCode, errorMessage, type: int8, name: string })) }),
  ),
  CreatePartitions: api(
    37,
    1,
    struct({
      topics: array(
        struct({ topic: string, count: int32, assignments: nullableArray(struct({ brokerIds: array(int32) })) }),
      ),
      timeoutMs: int32,
      validateOnly: bool,
    }),
    struct({ throttleTimeMs, topics: array(struct({ topic: string, errorCode, errorMessage })) }),
  ),
};
