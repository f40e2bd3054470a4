import { type Cluster } from '../cluster/cluster.js';
import { type RequestOf } from '../protocol/apis.js';
import { Refusal } from '../protocol/errors.js';
import { type Call, type Handlers, perItem, perPartition } from './handler.js';

type MembershipApi = 'FindCoordinator' | 'JoinGroup' | 'SyncGroup' | 'Heartbeat' | 'LeaveGroup';
const throttleTimeMs = 0;
const errorCode = 0;

/** Who coordinates, and the membership of groups. */
export function membershipHandlers(cluster: Cluster): Handlers<MembershipApi> {
  const { groups } = cluster;
  const expectCoordinator = ({ node }: Call, groupId: string) => cluster.expectCoordinator(node, groupId);
  return {
    FindCoordinator: (request) => findCoordinator(cluster, request),
    JoinGroup: async (request, call) => {
      expectCoordinator(call, request.groupId);
      const { clientId, clientHost } = call;
      return { throttleTimeMs, errorCode, ...(await groups.join(request, { clientId, clientHost })) };
    },
    SyncGroup: async (request, call) => {
      expectCoordinator(call, request.groupId);
      return { throttleTimeMs, errorCode, assignment: await groups.sync(request) };
    },
    Heartbeat: (request, call) => {
      expectCoordinator(call, request.groupId);
      groups.heartbeat(request);
      return { throttleTimeMs, errorCode };
    },
    LeaveGroup: (request, call) => {
      expectCoordinator(call, request.groupId);
      return { throttleTimeMs, errorCode, members: groups.leave(request) };
    },
  };
}

function findCoordinator(cluster: Cluster, { key, keyType }: RequestOf<'FindCoordinator'>) {
  if (keyType !== 0 && keyType !== 1) throw new Refusal('INVALID_REQUEST', `expected key type 0 or 1, got ${keyType}`);
  if (key === '' && keyType === 0) throw new Refusal('INVALID_GROUP_ID', 'expected a group id, got an empty one');
  const { id, host, port } = cluster.coordinatorOf(key);
  return { throttleTimeMs, errorCode, errorMessage: null, nodeId: id, host, port };
}

/** The offsets of groups. */
export function groupOffsetHandlers(cluster: Cluster): Handlers<'OffsetCommit' | 'OffsetFetch'> {
  const { groups, topics } = cluster;
  return {
    OffsetCommit: (request, { node }) => {
      const committed = perPartition('OffsetCommit', request.topics, (topic, index, { offset, metadata }) => {
        // Kafka looks for the partition before it asks the group: nobody is refused for one that is gone.
        topics.partition(topic, index);
        cluster.expectCoordinator(node, request.groupId);
        const { offsets } = groups.expectCommitter(request);
        offsets.commit(topic, index, { offset, metadata: groups.acceptMetadata(metadata) });
        return {};
      });
      return { throttleTimeMs, topics: committed };
    },
    OffsetFetch: (request, { node }) => {
      cluster.expectCoordinator(node, request.groupId);
      const found = perPartition(
        'OffsetFetch',
        request.topics ?? committedTopics(cluster, request.groupId),
        (topic, index) => {
          const offsets = groups.get(request.groupId)?.offsets;
          if (request.requireStable && offsets?.isPending(topic, index)) throw new Refusal('UNSTABLE_OFFSET_COMMIT');
          const { offset = -1, metadata = '' } = offsets?.get(topic, index) ?? {};
          return { offset, leaderEpoch: -1, metadata };
        },
      );
      return { throttleTimeMs, topics: found, errorCode };
    },
  };
}

function committedTopics({ groups }: Cluster, groupId: string) {
  const offsets = groups.get(groupId)?.offsets.all() ?? new Map<string, Map<number, unknown>>();
  return [...offsets].map(([topic, partitions]) => ({ topic, partitions: [...partitions.keys()] }));
}

/** Looking at groups and deleting them. */
export function groupAdminHandlers(cluster: Cluster): Handlers<'DescribeGroups' | 'ListGroups' | 'DeleteGroups'> {
  const { groups } = cluster;
  const nothing = { state: '', protocolType: '', protocol: '', members: [] };
  return {
    DescribeGroups: (request, { node }) => ({
      throttleTimeMs,
      groups: perItem(
        request.groups,
        (groupId) => {
          cluster.expectCoordinator(node, groupId);
          return groups.describe(groupId);
        },
        (groupId, { code }) => ({ errorCode: code, groupId, ...nothing }),
      ),
    }),
    // Every broker lists the groups it coordinates; clients ask them all.
    ListGroups: (_request, { node }) => ({
      throttleTimeMs,
      errorCode,
      groups: groups
        .all()
        .filter(({ id }) => cluster.coordinatorOf(id) === node)
        .map(({ id, protocolType }) => ({ groupId: id, protocolType })),
    }),
    DeleteGroups: (request, { node }) => ({
      throttleTimeMs,
      groups: perItem(
        request.groups,
        (groupId) => {
          cluster.expectCoordinator(node, groupId);
          groups.delete(groupId);
          return { groupId, errorCode };
        },
        (groupId, { code }) => ({ groupId, errorCode: code }),
      ),
    }),
  };
}
