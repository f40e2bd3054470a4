import { type Cluster } from '../cluster/cluster.js';
import { Refusal } from '../protocol/errors.js';
import { type Handlers, perPartition } from './handler.js';

type TransactionApi = 'InitProducerId' | 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'EndTxn' | 'TxnOffsetCommit';
const throttleTimeMs = 0;
const errorCode = 0;

/** Producer ids and transactions. */
export function transactionHandlers(cluster: Cluster): Handlers<TransactionApi> {
  const { transactions, groups, topics } = cluster;
  return {
    InitProducerId: ({ transactionalId, timeoutMs }, { node }) => {
      if (transactionalId) cluster.expectCoordinator(node, transactionalId);
      return { throttleTimeMs, errorCode, ...transactions.init(transactionalId, timeoutMs) };
    },
    AddPartitionsToTxn: (request, { node }) => {
      cluster.expectCoordinator(node, request.transactionalId);
      const complete = request.topics.every(({ topic, partitions }) =>
        partitions.every((one) => topics.exists(topic, one)),
      );
      const added = perPartition('AddPartitionsToTxn', request.topics, (topic, index) => {
        topics.partition(topic, index);
        // All or none: a transaction never begins with half of what it was to write to.
        if (!complete) throw new Refusal('OPERATION_NOT_ATTEMPTED');
        transactions.addPartition(request, topic, index);
        return {};
      });
      return { throttleTimeMs, topics: added };
    },
    AddOffsetsToTxn: (request, { node }) => {
      cluster.expectCoordinator(node, request.transactionalId);
      transactions.addGroup(request, request.groupId);
      return { throttleTimeMs, errorCode };
    },
    EndTxn: (request, { node }) => {
      cluster.expectCoordinator(node, request.transactionalId);
      transactions.end(request, request.committed);
      return { throttleTimeMs, errorCode };
    },
    TxnOffsetCommit: (request, { node }) => {
      cluster.expectCoordinator(node, request.groupId);
      transactions.expectGroup(request, request.groupId);
      const held = perPartition('TxnOffsetCommit', request.topics, (topic, index, { offset, metadata }) => {
        topics.partition(topic, index);
        const kept = { offset, metadata: groups.acceptMetadata(metadata) };
        groups.hold(request.groupId, request.producerId, topic, index, kept);
        return {};
      });
      return { throttleTimeMs, topics: held };
    },
  };
}
