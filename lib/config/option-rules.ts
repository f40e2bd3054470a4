import { topicNameFault } from '../engine/topic-name.js';
import { brokerAddressFault } from './broker-address.js';
import { describeValue, NOTHING } from './describe-value.js';
import type { ConfigFault } from './kafka-config.error.js';
import { type Mapping, valueAt } from './mapping.js';
import { anyFunction, oneOf } from './schema-rules.js';

const errorClass = { expected: 'a class of errors or a predicate', change: anyFunction.change };
const assignor = oneOf('cooperative-sticky', 'sticky', 'roundrobin');

/** Faults of single items in lists, and of names that Kafka has rules for. */
export function itemFaults(options: Mapping): ConfigFault[] {
  return [
    ...faultsInList(options, 'brokers', brokerAddressFault),
    ...faultsInList(options, 'topics', topicFault),
    ...faultsInList(options, 'assignors', (item) => (assignor.accepts(item) ? undefined : assignor)),
    ...faultsInList(options, 'nonRetriable', (item) => (anyFunction.accepts(item) ? undefined : errorClass)),
    ...legalNameFaults(options, 'groupInstanceId'),
    ...legalNameFaults(options, 'deadLetter.topic'),
  ];
}

function faultsInList(
  options: Mapping,
  path: string,
  check: (item: unknown) => Pick<ConfigFault, 'expected' | 'change'> | undefined,
): ConfigFault[] {
  const items: unknown = options[path];
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index) => {
    const fault = check(item);
    return fault ? [{ path: `${path}[${index}]`, received: describeValue(path, item), ...fault }] : [];
  });
}

/** Kafka holds ids of instances, too, to the rule for topics' names. */
function legalNameFaults(options: Mapping, path: string): ConfigFault[] {
  const name = valueAt(options, path);
  const reason = typeof name === 'string' ? topicNameFault(name) : undefined;
  if (reason === undefined) return [];
  return [{ path, received: describeValue(path, name), expected: 'a legal name', change: `It ${reason}.` }];
}

function topicFault(topic: unknown): Pick<ConfigFault, 'expected' | 'change'> | undefined {
  const reason = typeof topic === 'string' ? topicNameFault(topic) : 'is no text';
  return reason === undefined ? undefined : { expected: 'a legal topic name', change: `It ${reason}.` };
}

/** Faults of options that do not fit each other. In `settings` the defaults are filled in. */
export function pairFaults(options: Mapping, settings: Mapping): ConfigFault[] {
  const origin = (path: string) => (valueAt(options, path) === undefined ? ', the default' : '');
  const shown = (path: string) => `${String(valueAt(settings, path))}${origin(path)}`;
  return [
    ...ordered.filter((pair) => isOutOfOrder(settings, pair)).map((pair) => outOfOrder(pair, shown)),
    ...together(options, 'ssl.cert', 'ssl.key'),
    ...together(options, 'ssl.key', 'ssl.cert'),
  ];
}

interface OrderedPair {
  path: string;
  relation: 'less than' | 'at most';
  limit: string;
}

const ordered: OrderedPair[] = [
  { path: 'heartbeatIntervalMs', relation: 'less than', limit: 'sessionTimeoutMs' },
  { path: 'fetch.minBytes', relation: 'at most', limit: 'fetch.maxBytes' },
  { path: 'producer.lingerMs', relation: 'less than', limit: 'producer.deliveryTimeoutMs' },
  { path: 'retry.initialDelayMs', relation: 'at most', limit: 'retry.maxDelayMs' },
];

function isOutOfOrder(settings: Mapping, { path, relation, limit }: OrderedPair): boolean {
  const [value, most] = [valueAt(settings, path), valueAt(settings, limit)];
  // A value of the wrong type is a fault of its own already.
  if (typeof value !== 'number' || typeof most !== 'number') return false;
  return relation === 'less than' ? value >= most : value > most;
}

function outOfOrder({ path, relation, limit }: OrderedPair, shown: (path: string) => string): ConfigFault {
  const expected = `${relation} ${limit} (${shown(limit)})`;
  return { path, received: shown(path), expected, change: `Lower it, or raise ${limit}.` };
}

function together(options: Mapping, given: string, path: string): ConfigFault[] {
  if (valueAt(options, given) === undefined || valueAt(options, path) !== undefined) return [];
  const change = `Mutual TLS takes both: give it, or remove ${given}.`;
  return [{ path, received: NOTHING, expected: `a value beside ${given}`, change }];
}
