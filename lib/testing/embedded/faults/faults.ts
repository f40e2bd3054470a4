import { type ApiName } from '../protocol/apis.js';
import { expectErrorName, expectFilter, expectNumber, expectThrottle } from './checks.js';
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

  /**
   * Answers the next requests of an API with an error, in the place where Kafka puts that error: of the whole answer, or
   * of each topic, partition, group or member asked for. What else the answer has is what Kafka says of nothing.
   */
  fail(api: ApiName, options: FailOptions): Fault {
    const { error, ...filter } = options ?? {};
    expectErrorName(error);
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

  /**
   * Throttles clients as a quota does: the answers to the next requests of an API carry a throttle time. They come at
   * once, and then the broker reads nothing more from their connections for as long (KIP-219).
   *
   * @param options `ms`: the throttle time; `mute`: whether the broker stops reading, default `true`. Without, only the
   * client holds back, if it does as it is asked to: so a test can tell.
   */
  throttle(api: ApiName, options: { ms: number; mute?: boolean } & Omit<FaultFilter, 'when'>): Fault {
    const { ms, mute = true, ...filter } = options ?? {};
    expectNumber('a throttle time in ms', ms, 1, LONGEST_MS);
    expectThrottle(api, { mute, ...filter });
    return this.add(new FaultRule(api, { kind: 'throttle', ms, mute }, filter, 'after'));
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

  /** Ends all faults set up by `fail`, `delay`, `throttle` and `disconnect`. */
  clear(): void {
    this.rules.clear();
  }

  private add(rule: FaultRule): Fault {
    expectFilter(rule.api, rule.filter);
    return this.rules.add(rule);
  }
}
