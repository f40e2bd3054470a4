import { type Cluster } from '../cluster/cluster.js';
import { errorCodes, Refusal } from '../protocol/errors.js';
import { type Handlers, perItem, perPartition } from './handler.js';

type TopicApi = 'CreateTopics' | 'DeleteTopics' | 'CreatePartitions' | 'DeleteRecords';
const throttleTimeMs = 0;
const done = { errorCode: errorCodes.NONE as number, errorMessage: null as string | null };

/** Administration of topics. Any broker takes it, as brokers in KRaft mode do by forwarding to the controller. */
export function topicHandlers(cluster: Cluster): Handlers<TopicApi> {
  const { topics } = cluster;
  return {
    CreateTopics: (request) => ({
      throttleTimeMs,
      topics: perItem(
        request.topics,
        (wanted) => {
          if (request.topics.filter(({ topic }) => topic === wanted.topic).length > 1) {
            throw new Refusal('INVALID_REQUEST', `expected topic ${wanted.topic} once`);
          }
          topics.create(wanted, request.validateOnly);
          return { topic: wanted.topic, ...done };
        },
        ({ topic }, { code, message }) => ({ topic, errorCode: code, errorMessage: message }),
      ),
    }),
    DeleteTopics: (request) => ({
      throttleTimeMs,
      topics: perItem(
        request.topics,
        (topic) => {
          cluster.deleteTopic(topic);
          return { topic, errorCode: 0 };
        },
        (topic, { code }) => ({ topic, errorCode: code }),
      ),
    }),
    CreatePartitions: (request) => ({
      throttleTimeMs,
      topics: perItem(
        request.topics,
        (wanted) => {
          topics.addPartitions(wanted, request.validateOnly);
          return { topic: wanted.topic, ...done };
        },
        ({ topic }, { code, message }) => ({ topic, errorCode: code, errorMessage: message }),
      ),
    }),
    DeleteRecords: (request, { node }) => ({
      throttleTimeMs,
      topics: perPartition('DeleteRecords', request.topics, (topic, index, { offset }) => ({
        lowWatermark: topics.led(topic, index, node).log.deleteBefore(offset),
      })),
    }),
  };
}
