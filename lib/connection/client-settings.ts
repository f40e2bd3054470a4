import type { KafkaSettings } from '../config/kafka-settings.js';
import type { ConnectionSettings, GroupSettings } from '../engine/client/client-settings.js';
import type { TopicPattern } from '../engine/topic-pattern.js';
import type { TopicRoutes } from '../engine/handler-binding.js';
import { sideTopicsOf } from '../engine/recovery/recovery-topics.js';

/** The settings of a connection in the words of the engine's client. */
export function connectionSettings(settings: KafkaSettings): ConnectionSettings {
  const { brokers, clientId, ssl, connectionTimeoutMs, requestTimeoutMs } = settings;
  return { brokers, clientId, ssl, sasl: saslSettings(settings.sasl), connectionTimeoutMs, requestTimeoutMs };
}

/** The settings of a member of a group. */
export function groupSettings(
  settings: KafkaSettings,
  group: string,
  topics: readonly TopicPattern[],
  routes: TopicRoutes,
  isTransactional = false,
): GroupSettings {
  const sideTopics = (topic: string) => sideTopicsOf(topic, routes(topic), group);
  const { startFromBeginning, createTopics, sessionTimeoutMs, heartbeatIntervalMs, rebalanceTimeoutMs } = settings;
  const { groupInstanceId, assignors, leaveOnStop, requestTimeoutMs, rackId, fetch } = settings;
  const timing = { sessionTimeoutMs, heartbeatIntervalMs, rebalanceTimeoutMs, requestTimeoutMs };
  const membership = { groupInstanceId, assignors, leaveOnStop };
  const subscription = { topics, startFromBeginning, isTransactional, sideTopics, createTopics };
  return { group, ...subscription, ...membership, ...timing, rackId, fetch };
}

function saslSettings(sasl: KafkaSettings['sasl']): ConnectionSettings['sasl'] {
  if (sasl?.mechanism !== 'oauthbearer') return sasl;
  return { mechanism: sasl.mechanism, oauthBearerProvider: sasl.tokenProvider };
}
