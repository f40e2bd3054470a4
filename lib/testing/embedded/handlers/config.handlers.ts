import { type Cluster } from '../cluster/cluster.js';
import { type Topic } from '../cluster/topic.js';
import { expectTopicConfigs, TOPIC_DEFAULTS } from '../cluster/topic-configs.js';
import { type RequestOf, type ResponseOf } from '../protocol/apis.js';
import { errorCodes, Refusal } from '../protocol/errors.js';
import { type Handlers, perItem } from './handler.js';

type Asked = RequestOf<'DescribeConfigs'>['resources'][number];
type Described = ResponseOf<'DescribeConfigs'>['resources'][number];
type Entry = Described['configs'][number];

const RESOURCE = { topic: 2, broker: 4 };
const SOURCE = { topic: 1, staticBroker: 4, default: 5 };
const throttleTimeMs = 0;
const done = { errorCode: errorCodes.NONE as number, errorMessage: null as string | null };

/** Configuration of topics and, to read only, of brokers. */
export function configHandlers(cluster: Cluster): Handlers<'DescribeConfigs' | 'AlterConfigs'> {
  return {
    DescribeConfigs: ({ resources }) => ({
      throttleTimeMs,
      resources: perItem(
        resources,
        (asked): Described => ({ ...done, type: asked.type, name: asked.name, configs: describe(cluster, asked) }),
        ({ type, name }, { code, message }) => ({ errorCode: code, errorMessage: message, type, name, configs: [] }),
      ),
    }),
    AlterConfigs: ({ resources, validateOnly }) => ({
      throttleTimeMs,
      resources: perItem(
        resources,
        ({ type, name, configs }) => {
          if (type !== RESOURCE.topic) throw new Refusal('INVALID_REQUEST', 'only topics can be configured');
          const topic = cluster.topics.get(name);
          expectTopicConfigs(configs);
          if (!validateOnly) topic.configure(configs);
          return { ...done, type, name };
        },
        ({ type, name }, { code, message }) => ({ errorCode: code, errorMessage: message, type, name }),
      ),
    }),
  };
}

function describe(cluster: Cluster, { type, name, configNames }: Asked): Entry[] {
  const wanted = (entry: Entry) => !configNames?.length || configNames.includes(entry.name);
  if (type === RESOURCE.topic) return topicEntries(cluster.topics.get(name)).filter(wanted);
  if (type === RESOURCE.broker) return brokerEntries(cluster).filter(wanted);
  throw new Refusal('INVALID_REQUEST', `expected a resource of type 2 (topic) or 4 (broker), got ${type}`);
}

function topicEntries(topic: Topic): Entry[] {
  return Object.keys(TOPIC_DEFAULTS).map((name) => {
    const source = topic.configs.has(name) ? SOURCE.topic : SOURCE.default;
    return entry(name, topic.config(name) ?? null, source, false);
  });
}

function brokerEntries({ options }: Cluster): Entry[] {
  const { groups, topics, autoCreateTopics } = options;
  const settings = {
    'auto.create.topics.enable': autoCreateTopics,
    'default.replication.factor': topics.replicationFactor,
    'group.initial.rebalance.delay.ms': groups.initialRebalanceDelayMs,
    'group.max.session.timeout.ms': groups.maxSessionTimeoutMs,
    'group.min.session.timeout.ms': groups.minSessionTimeoutMs,
    'num.partitions': topics.numPartitions,
    'offset.metadata.max.bytes': groups.maxMetadataLength,
  };
  return Object.entries(settings).map(([name, value]) => entry(name, String(value), SOURCE.staticBroker, true));
}

function entry(name: string, value: string | null, source: number, readOnly: boolean): Entry {
  return { name, value, readOnly, source, isSensitive: false, synonyms: [] };
}
