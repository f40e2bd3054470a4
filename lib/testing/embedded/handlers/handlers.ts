import { type Cluster } from '../cluster/cluster.js';
import { configHandlers } from './config.handlers.js';
import { fetchHandlers } from './fetch.handler.js';
import { groupAdminHandlers, groupOffsetHandlers, membershipHandlers } from './group.handlers.js';
import { type Handlers } from './handler.js';
import { listOffsetsHandlers } from './list-offsets.handler.js';
import { metadataHandlers } from './metadata.handler.js';
import { produceHandlers } from './produce.handler.js';
import { sessionHandlers } from './session.handlers.js';
import { topicHandlers } from './topic.handlers.js';
import { transactionHandlers } from './transaction.handlers.js';

/** A handler for every API of the table. */
export function createHandlers(cluster: Cluster): Handlers {
  return {
    ...sessionHandlers(),
    ...metadataHandlers(cluster),
    ...produceHandlers(cluster),
    ...fetchHandlers(cluster),
    ...listOffsetsHandlers(cluster),
    ...membershipHandlers(cluster),
    ...groupOffsetHandlers(cluster),
    ...groupAdminHandlers(cluster),
    ...transactionHandlers(cluster),
    ...topicHandlers(cluster),
    ...configHandlers(cluster),
  };
}
