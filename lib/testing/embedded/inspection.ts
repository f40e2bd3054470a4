import { type Cluster } from './cluster/cluster.js';
import { type Partition } from './cluster/partition.js';
import { type Group } from './groups/group.js';
import { type GroupState } from './groups/group-cycle.js';
import { type Member } from './groups/member.js';
import { type RecordBatch } from './log/record-batch.js';
import { decodeRecords, type StoredRecord } from './log/records.js';
import { Reader } from './protocol/reader.js';

/**
 * A record that a partition holds.
 *
 * @publicApi
 */
export interface EmbeddedRecord {
  partition: number;

  /** Decimal string, as in kafkajs. */
  offset: string;
  timestamp: Date;
  key: Buffer | null;
  value: Buffer | null;

  /** Values as UTF-8; a header that occurs more than once is an array, in order. */
  headers: Record<string, string | string[]>;
}

/**
 * An offset that a group has committed.
 *
 * @publicApi
 */
export interface EmbeddedOffset {
  partition: number;

  /** Decimal string, as in kafkajs. */
  offset: string;

  /** Empty where none was committed. */
  metadata: string;
}

/**
 * A member of a group.
 *
 * @publicApi
 */
export interface EmbeddedMember {
  memberId: string;

  /** Of a static member. */
  groupInstanceId: string | null;
  clientId: string;

  /** Whether this member assigns. */
  isLeader: boolean;

  /** Partitions by topic, as the leader has assigned them; empty while the group rebalances for the first time. */
  assignment: Record<string, number[]>;
}

/**
 * A consumer group.
 *
 * @publicApi
 */
export interface EmbeddedGroup {
  state: GroupState;

  /** Rises with each rebalance. */
  generation: number;

  /** Name of the assigner the members agreed on. */
  protocol: string;
  members: EmbeddedMember[];
}

/** The records of a partition; without those of open and aborted transactions if asked so. */
export function recordsOf({ index, log }: Partition, committedOnly: boolean): EmbeddedRecord[] {
  const hidden = committedOnly ? hiddenIn(log) : () => false;
  return log
    .all()
    .filter((batch) => !batch.isControl && !hidden(batch))
    .flatMap((batch) => decodeRecords(batch))
    .filter(({ offset }) => offset >= log.startOffset)
    .map((record) => toRecord(index, record));
}

export function offsetsOf({ groups }: Cluster, groupId: string, topic: string): EmbeddedOffset[] {
  return [...(groups.get(groupId)?.offsets.all().get(topic) ?? [])]
    .map(([partition, { offset, metadata }]) => ({ partition, offset: String(offset), metadata }))
    .sort((a, b) => a.partition - b.partition);
}

export function describeGroup(group: Group): EmbeddedGroup {
  const { state, generation, protocol, leader } = group;
  return { state, generation, protocol, members: group.members.all().map((member) => toMember(member, leader)) };
}

function hiddenIn(log: Partition['log']): (batch: RecordBatch) => boolean {
  const aborted = log.aborted();
  return (batch) =>
    batch.baseOffset >= log.lastStableOffset ||
    (batch.isTransactional &&
      aborted.some(
        ({ producerId, firstOffset, lastOffset }) =>
          producerId === batch.producerId && batch.baseOffset >= firstOffset && batch.baseOffset <= lastOffset,
      ));
}

function toRecord(partition: number, { offset, timestamp, key, value, headers }: StoredRecord): EmbeddedRecord {
  return {
    partition,
    offset: String(offset),
    timestamp: new Date(timestamp),
    key,
    value,
    headers: headers.reduce<EmbeddedRecord['headers']>((all, [name, bytes]) => {
      const text = bytes.toString('utf8');
      const before = Object.hasOwn(all, name) ? all[name] : undefined;
      all[name] = before === undefined ? text : [before, text].flat();
      return all;
    }, {}),
  };
}

function toMember({ id, groupInstanceId, client, assignment }: Member, leader: string | undefined): EmbeddedMember {
  const { clientId } = client;
  return { memberId: id, groupInstanceId, clientId, isLeader: id === leader, assignment: decodeAssignment(assignment) };
}

/** Reads the assignment of the `consumer` protocol; what is not of it has no partitions. */
function decodeAssignment(bytes: Buffer): Record<string, number[]> {
  const from = new Reader(bytes);
  const list = <T>(read: () => T) => Array.from({ length: Math.min(from.int32(), from.remaining) }, read);
  try {
    from.int16();
    return Object.fromEntries(list(() => [from.string(from.int16()), list(() => from.int32())]));
  } catch {
    return {};
  }
}
