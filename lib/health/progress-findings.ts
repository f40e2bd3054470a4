import { partitionName } from '../engine/client/consumer-client.js';
import type { GroupConsumerStatus, PartitionStatus, UnplacedPartition } from '../engine/consumer-status.js';
import { fault, list, note, seconds, type Finding } from './finding.js';

/** Whether partitions go on, and their commits are taken. */
export function progressFindings(partitions: readonly PartitionStatus[], stallLimitMs: number): Finding[] {
  return partitions.flatMap((partition) => [
    ...standing(partition, stallLimitMs),
    ...committing(partition, stallLimitMs),
  ]);
}

/** Whether commits are taken of partitions that are not read meanwhile: after a transaction that failed, they wait. */
export function unplacedFindings({ unplaced }: GroupConsumerStatus, stallLimitMs: number): Finding[] {
  return unplaced.flatMap((partition) => trouble(partition, `of ${partitionName(partition)}`, stallLimitMs));
}

/** What holds a consumer back and is nothing wrong with it. */
export function restraintFindings(
  { throttled }: GroupConsumerStatus,
  partitions: readonly PartitionStatus[],
): Finding[] {
  const paused = partitions.filter((partition) => partition.paused).map(partitionName);
  return [
    ...throttled.map(({ broker, ms }) => note(`throttled by a quota of broker ${broker}, by a pause of ${ms} ms`)),
    ...(paused.length > 0 ? [note(`the application has paused ${list(paused)}`)] : []),
  ];
}

function standing(partition: PartitionStatus, stallLimitMs: number): Finding[] {
  const { stalledMs, retries } = partition;
  if (stalledMs > stallLimitMs) return [fault(`${whyItStands(partition)}, for ${seconds(stalledMs)}`)];
  return retries > 0 && stalledMs > 0 ? [note(`${whyItStands(partition)}, for ${seconds(stalledMs)}`)] : [];
}

function whyItStands(partition: PartitionStatus): string {
  const { position, open, running, retries } = partition;
  const place = `${partitionName(partition)}@${position}`;
  if (retries > 0) return `${place} has failed ${retries} times and is tried again, all behind it waits`;
  if (running > 0) return `the handler of ${place} has not settled`;
  if (open > 0) return `${place} waits, and no handler runs`;
  return `there are records from ${place} on, and none is fetched`;
}

function committing(partition: PartitionStatus, stallLimitMs: number): Finding[] {
  return trouble(partition, `up to ${partitionName(partition)}@${partition.position}`, stallLimitMs);
}

function trouble({ commitTrouble }: UnplacedPartition, what: string, stallLimitMs: number): Finding[] {
  if (!commitTrouble) return [];
  const { forMs, error } = commitTrouble;
  const text = `commits ${what} fail for ${seconds(forMs)}: ${error}`;
  return [forMs > stallLimitMs ? fault(text) : note(text)];
}
