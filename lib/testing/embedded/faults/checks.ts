import { EmbeddedKafkaError } from '../embedded-kafka.error.js';
import { apiOf, type ApiName, apis, isApiName } from '../protocol/apis.js';
import { type StructCodec } from '../protocol/codec.js';
import { errorCodes } from '../protocol/errors.js';
import { type FaultFilter } from './fault-options.js';

/** A filter that is misspelt would take in every request, or none. */
const filterNames = ['times', 'topic', 'partition', 'group', 'transactionalId', 'clientId', 'broker', 'when'];

/** @throws EmbeddedKafkaError unless a filter is one that requests of the API can match */
export function expectFilter(api: ApiName, filter: FaultFilter): void {
  const { times = 1, topic, partition, group, when = 'before' } = filter;
  const unknown = Object.keys(filter).find((name) => !filterNames.includes(name));
  if (unknown) throw new EmbeddedKafkaError(`expected a filter of ${filterNames.join(', ')}, got ${unknown}`);
  if (partition !== undefined) expectNumber('partition', partition, 0, 2 ** 31 - 1);
  expectApi(api);
  if (times !== Infinity) expectNumber('times', times, 1, Number.MAX_SAFE_INTEGER);
  if (when !== 'before' && when !== 'after') {
    throw new EmbeddedKafkaError(`expected when to be 'before' or 'after', got ${String(when)}`);
  }
  const names = Object.keys((apiOf(api).request as Layout).fields);
  if ((topic !== undefined || partition !== undefined) && !names.includes('topics')) {
    throw new EmbeddedKafkaError(`expected no topic or partition: ${api} requests have none`);
  }
  if (group !== undefined && !['groupId', 'groups', 'key'].some((name) => names.includes(name))) {
    throw new EmbeddedKafkaError(`expected no group: ${api} requests have none`);
  }
}

/** @throws EmbeddedKafkaError unless a throttled answer can say so */
export function expectThrottle(api: ApiName, { mute, ...filter }: { mute: boolean; when?: unknown }): void {
  expectApi(api);
  if (typeof mute !== 'boolean') {
    throw new EmbeddedKafkaError(`expected mute to be true or false, got ${String(mute)}`);
  }
  if ('when' in filter)
    throw new EmbeddedKafkaError('expected a filter without when, as only answers say it, got when');
  if (!('throttleTimeMs' in (apiOf(api).response as Layout).fields)) {
    throw new EmbeddedKafkaError(`expected an API with a throttle time: answers to ${api} have no throttle time`);
  }
}

/** @throws EmbeddedKafkaError unless it is the name of an error */
export function expectErrorName(error: string): void {
  if (Object.hasOwn(errorCodes, error) && error !== 'NONE') return;
  throw new EmbeddedKafkaError(`expected the name of a Kafka error such as UNKNOWN_MEMBER_ID, got ${String(error)}`);
}

/** @throws EmbeddedKafkaError unless it is an integer in the range */
export function expectNumber(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new EmbeddedKafkaError(`expected ${what} as an integer from ${min} to ${max}, got ${value}`);
}

function expectApi(api: ApiName): void {
  if (isApiName(api)) return;
  throw new EmbeddedKafkaError(`expected one of ${Object.keys(apis).join(', ')}, got ${String(api)}`);
}

type Layout = StructCodec<Record<string, never>>;
