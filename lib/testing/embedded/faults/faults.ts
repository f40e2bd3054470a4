import { type StructCodec } from '../protocol/codec.js';
import { apiOf, type ApiName, apis, isApiName } from '../protocol/apis.js';
import { errorCodes } from '../protocol/errors.js';
import { EmbeddedKafkaError } from '../embedded-kafka.error.js';
import { type ConnectionRefusal, type FailOptions, type Fault, type FaultFilter } from './fault-options.js';
import { FaultRule, type FaultRules } from './fault-rules.js';

/** What faults can do to brokers, groups and partitions. */
export interface FaultTargets {
  stopBroker(id: number): Promise<void>;
  startBroker(id: number): Promise<void>;
  refuseConnections(ms: number, id?: number): Promise<ConnectionRefusal>;
  rebalance(group: string): void;
  evict(group: string, memberId: string): void;
  moveLeader(topic: string, partition: number, broker?: number): void;
}

/** Longest time, in ms, that a Node timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Faults to set up. They are deterministic: a fault hits the next matching requests in the order they arrive, and
 * nothing else. Bad arguments throw {@link EmbeddedKafkaError}.
 *
 * @publicApi
 */
export class Faults {
  constructor(
    private readonly rules: FaultRules,
    private readonly targets: FaultTargets,
  ) {}

  /** Answers the next requests of an API with an error. */
  fail(api: ApiName, options: FailOptions): Fault {
    const { error, ...filter } = options ?? {};
    if (!Object.hasOwn(errorCodes, error) || error === 'NONE') {
      throw new EmbeddedKafkaError(
        `expected the name of a Kafka error such as UNKNOWN_MEMBER_ID, got ${String(error)}`,
      );
    }
    return this.add(new FaultRule(api, { kind: 'fail', error }, filter, filter.when ?? 'before'));
  }

  /**
   * Makes the answers to the next requests of an API late.
   *
   * @param ms delay in ms; the connection answers nothing else meanwhile, as Kafka answers in order
   */
  delay(api: ApiName, ms: number, filter: FaultFilter = {}): Fault {
    expectNumber('a delay in ms', ms, 0, LONGEST_MS);
    return this.add(new FaultRule(api, { kind: 'delay', ms }, filter, filter.when ?? 'after'));
  }

  /** Closes the connection in place of answering; with `when: 'after'` the request was carried out, its answer lost. */
  disconnect(api: ApiName, filter: FaultFilter = {}): Fault {
    return this.add(new FaultRule(api, { kind: 'disconnect' }, filter, filter.when ?? 'before'));
  }

  /**
   * Refuses new connections; open ones stay.
   *
   * @param options `ms`: for how long, until cancelled if left out; `broker`: only this one
   */
  async refuseConnections({
    ms = LONGEST_MS,
    broker,
  }: { ms?: number; broker?: number } = {}): Promise<ConnectionRefusal> {
    expectNumber('a time in ms', ms, 0, LONGEST_MS);
    return this.targets.refuseConnections(ms, broker);
  }

  /** Sends all members of a group back to joining. */
  rebalance(group: string): void {
    this.targets.rebalance(group);
  }

  /** Removes a member from its group as if its session had timed out: it finds out by `UNKNOWN_MEMBER_ID`. */
  evict(group: string, memberId: string): void {
    this.targets.evict(group, memberId);
  }

  /**
   * Moves the leadership of a partition.
   *
   * @param broker id of the new leader, the next replica that is up if left out
   */
  moveLeader(topic: string, partition: number, broker?: number): void {
    this.targets.moveLeader(topic, partition, broker);
  }

  /** Stops a broker: its connections are cut, its port is closed, replicas on other brokers take over. */
  stopBroker(id: number): Promise<void> {
    return this.targets.stopBroker(id);
  }

  /** Brings a stopped broker back on its old port. Leaderships that others took over stay where they are. */
  startBroker(id: number): Promise<void> {
    return this.targets.startBroker(id);
  }

  /** Ends all faults set up by `fail`, `delay` and `disconnect`. */
  clear(): void {
    this.rules.clear();
  }

  private add(rule: FaultRule): Fault {
    expectFilter(rule.api, rule.filter);
    return this.rules.add(rule);
  }
}

/** A filter that is misspelt would take in every request, or none. */
const filterNames = ['times', 'topic', 'partition', 'group', 'transactionalId', 'clientId', 'broker', 'when'];

function expectFilter(api: ApiName, filter: FaultFilter): void {
  const { times = 1, topic, partition, group, when = 'before' } = filter;
  const unknown = Object.keys(filter).find((name) => !filterNames.includes(name));
  if (unknown) throw new EmbeddedKafkaError(`expected a filter of ${filterNames.join(', ')}, got ${unknown}`);
  if (partition !== undefined) expectNumber('partition', partition, 0, 2 ** 31 - 1);
  if (!isApiName(api)) {
    throw new EmbeddedKafkaError(`expected one of ${Object.keys(apis).join(', ')}, got ${String(api)}`);
  }
  if (times !== Infinity) expectNumber('times', times, 1, Number.MAX_SAFE_INTEGER);
  if (when !== 'before' && when !== 'after') {
    throw new EmbeddedKafkaError(`expected when to be 'before' or 'after', got ${String(when)}`);
  }
  const { fields } = apiOf(api).request as StructCodec<Record<string, never>>;
  const names = Object.keys(fields);
  if ((topic !== undefined || partition !== undefined) && !names.includes('topics')) {
    throw new EmbeddedKafkaError(`expected no topic or partition: ${api} requests have none`);
  }
  if (group !== undefined && !['groupId', 'groups', 'key'].some((name) => names.includes(name))) {
    throw new EmbeddedKafkaError(`expected no group: ${api} requests have none`);
  }
}

function expectNumber(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new EmbeddedKafkaError(`expected ${what} as an integer from ${min} to ${max}, got ${value}`);
}
