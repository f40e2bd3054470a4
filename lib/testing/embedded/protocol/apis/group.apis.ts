import {
  array,
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
  since,
  string,
  struct,
} from '../codec.js';
import { type KafkaErrorName } from '../errors.js';
import { api } from './api.js';

const throttleTimeMs = int32;
const errorCode = int16;
const memberOfGeneration = { groupId: string, generationId: int32, memberId: string };

const errorsOfMembers: readonly KafkaErrorName[] = ['UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'];
const errorsOfPartitions: readonly KafkaErrorName[] = [
  'UNKNOWN_TOPIC_OR_PARTITION',
  'TOPIC_AUTHORIZATION_FAILED',
  'UNSTABLE_OFFSET_COMMIT',
];

/** Consumer groups: membership, offsets and their administration. */
export const groupApis = {
  OffsetCommit: api(
    8,
    5,
    struct({
      ...memberOfGeneration,
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
  OffsetFetch: api(
    9,
    7,
    struct({
      groupId: string,
      topics: nullableArray(struct({ topic: string, partitions: array(int32) })),
      requireStable: since(7, bool),
    }),
    struct({
      throttleTimeMs,
      topics: array(
        struct({
          topic: string,
          partitions: array(
            struct({
              partition: int32,
              offset,
              leaderEpoch: since(5, generation),
              metadata: nullableString,
              errorCode,
            }),
          ),
        }),
      ),
      errorCode,
    }),
    { minVersion: 4, flexibleFrom: 6, isItemError: (error) => errorsOfPartitions.includes(error) },
  ),
  FindCoordinator: api(
    10,
    2,
    struct({ key: string, keyType: int8 }),
    struct({
      throttleTimeMs,
      errorCode,
      errorMessage: nullableString,
      nodeId: generation,
      host: string,
      port: generation,
    }),
  ),
  JoinGroup: api(
    11,
    5,
    struct({
      groupId: string,
      sessionTimeoutMs: int32,
      rebalanceTimeoutMs: int32,
      memberId: string,
      groupInstanceId: nullableString,
      protocolType: string,
      protocols: array(struct({ name: string, metadata: bytes })),
    }),
    struct({
      throttleTimeMs,
      errorCode,
      generationId: generation,
      protocolName: string,
      leader: string,
      memberId: string,
      members: array(struct({ memberId: string, groupInstanceId: nullableString, metadata: bytes })),
    }),
  ),
  Heartbeat: api(
    12,
    3,
    struct({ ...memberOfGeneration, groupInstanceId: nullableString }),
    struct({ throttleTimeMs, errorCode }),
  ),
  LeaveGroup: api(
    13,
    3,
    struct({ groupId: string, members: array(struct({ memberId: string, groupInstanceId: nullableString })) }),
    struct({
      throttleTimeMs,
      errorCode,
      members: array(struct({ memberId: string, groupInstanceId: nullableString, errorCode })),
    }),
    { isItemError: (error) => errorsOfMembers.includes(error) },
  ),
  SyncGroup: api(
    14,
    3,
    struct({
      ...memberOfGeneration,
      groupInstanceId: nullableString,
      assignments: array(struct({ memberId: string, assignment: bytes })),
    }),
    struct({ throttleTimeMs, errorCode, assignment: bytes }),
  ),
  DescribeGroups: api(
    15,
    2,
    struct({ groups: array(string) }),
    struct({
      throttleTimeMs,
      groups: array(
        struct({
          errorCode,
          groupId: string,
          state: string,
          protocolType: string,
          protocol: string,
          members: array(
            struct({ memberId: string, clientId: string, clientHost: string, metadata: bytes, assignment: bytes }),
          ),
        }),
      ),
    }),
  ),
  ListGroups: api(
    16,
    2,
    struct({}),
    struct({ throttleTimeMs, errorCode, groups: array(struct({ groupId: string, protocolType: string })) }),
  ),
  DeleteGroups: api(
    42,
    1,
    struct({ groups: array(string) }),
    struct({ throttleTimeMs, groups: array(struct({ groupId: string, errorCode })) }),
  ),
};
