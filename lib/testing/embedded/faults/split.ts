import { type FaultFilter } from './fault-options.js';

/** As much of a request as faults look at; the API table names the fields of all APIs alike. */
export interface Request {
  topics?: readonly unknown[] | null;
  groupId?: string;
  groups?: readonly string[];
  transactionalId?: string | null;
  key?: string;
  keyType?: number;
}

type TopicEntry = { topic: string; partitions?: readonly (number | { partition: number })[] };

const COORDINATES = { group: 0, transaction: 1 };

/** Whether a request is about the group and the transactional id of a filter. */
export function concerns(request: Request, { group, transactionalId }: FaultFilter): boolean {
  const coordinates = (keyType: number) => (request.keyType === keyType ? request.key : undefined);
  const groups = [request.groupId, ...(request.groups ?? []), coordinates(COORDINATES.group)];
  const transactions = [request.transactionalId, coordinates(COORDINATES.transaction)];
  return (
    (group === undefined || groups.includes(group)) &&
    (transactionalId === undefined || transactions.includes(transactionalId))
  );
}

/** Splits a request by topic and partition: what a filter is about, and the rest; undefined for a half without content. */
export function split<Q extends object>(request: Q, filter: FaultFilter): { hit?: Q; rest?: Q } {
  if (filter.topic === undefined && filter.partition === undefined) return { hit: request };
  const topics = ((request as Request).topics ?? []) as (string | TopicEntry)[];
  const hit = topics.map((entry) => only(entry, filter, true)).filter((entry) => entry !== undefined);
  const rest = topics.map((entry) => only(entry, filter, false)).filter((entry) => entry !== undefined);
  return {
    hit: hit.length > 0 ? { ...request, topics: hit } : undefined,
    rest: rest.length > 0 ? { ...request, topics: rest } : undefined,
  };
}

/** Joins the answers to the two halves of a request. */
export function join<A extends object>(hit: A, rest: A): A {
  const topics = new Map<string, TopicEntry>();
  for (const entry of [...topicsOf(rest), ...topicsOf(hit)]) {
    const partitions = [...(topics.get(entry.topic)?.partitions ?? []), ...(entry.partitions ?? [])];
    topics.set(entry.topic, entry.partitions ? { ...entry, partitions } : entry);
  }
  return { ...hit, ...rest, topics: [...topics.values()] };
}

function topicsOf(answer: object): TopicEntry[] {
  return (answer as { topics: TopicEntry[] }).topics;
}

/** The part of an entry that a filter matches, or the part that it does not. */
function only(entry: string | TopicEntry, { topic, partition }: FaultFilter, matching: boolean) {
  const name = typeof entry === 'string' ? entry : entry.topic;
  if (topic !== undefined && topic !== name) return matching ? undefined : entry;
  if (partition === undefined || typeof entry === 'string' || !entry.partitions) return matching ? entry : undefined;
  const partitions = entry.partitions.filter((one) => (indexOf(one) === partition) === matching);
  return partitions.length > 0 ? { ...entry, partitions } : undefined;
}

function indexOf(partition: number | { partition: number }): number {
  return typeof partition === 'number' ? partition : partition.partition;
}
