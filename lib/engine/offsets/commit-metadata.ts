import type { OffsetRange } from './offset-range.js';

/**
 * The metadata beside a committed offset, as text: the count of partitions that the topic had when the group first read
 * it, and what is completed above the committed offset, the smaller of a bit set and of run lengths in base64.
 * `first start on 4 partitions; completed v1 r AgM=`
 */
export interface CommitMetadata {
  /** Partitions of the topic at the group's first start on it; `undefined` when that was not this package's. */
  firstStartPartitions?: number | undefined;

  /** Completed above the committed offset, rising. */
  completed: readonly OffsetRange[];
}

/** Bytes of completed offsets before base64. With all else the text stays below 4096, what brokers take by default. */
const mostBytes = 3000;

/** So many offsets above the committed one always fit: a bit each. */
export const largestSpan = mostBytes * 8;

/** With so few open offsets all that is completed between them always fits: two run lengths each, of 4 bytes at most. */
export const mostOpen = Math.floor(mostBytes / 8) - 1;

const firstStart = /^first start on (\d+) partitions$/;
const completedAbove = /^completed v1 ([rb]) ([A-Za-z0-9+/]*={0,2})$/;

export function encodeCommitMetadata(offset: number, { firstStartPartitions, completed }: CommitMetadata): string {
  const parts: string[] = [];
  if (firstStartPartitions !== undefined) parts.push(`first start on ${firstStartPartitions} partitions`);
  if (completed.length > 0) parts.push(`completed v1 ${encodeRanges(offset, completed)}`);
  return parts.join('; ');
}

/** @returns `undefined` for a text of unknown origin */
export function decodeCommitMetadata(offset: number, text: string): CommitMetadata | undefined {
  const metadata: CommitMetadata = { completed: [] };
  for (const part of text === '' ? [] : text.split('; ')) {
    const [, partitions] = firstStart.exec(part) ?? [];
    const [, kind, base64] = completedAbove.exec(part) ?? [];
    if (partitions !== undefined) metadata.firstStartPartitions = Number(partitions);
    else if (base64 !== undefined) metadata.completed = decodeRanges(offset, kind!, Buffer.from(base64, 'base64'));
    else return undefined;
  }
  return metadata;
}

function encodeRanges(offset: number, ranges: readonly OffsetRange[]): string {
  const runs = encodeRuns(offset, ranges);
  const span = ranges.at(-1)!.to - offset;
  if (runs.length <= span / 8) return `r ${Buffer.from(runs).toString('base64')}`;
  return `b ${encodeBits(offset, ranges, span).toString('base64')}`;
}

function decodeRanges(offset: number, kind: string, bytes: Buffer): OffsetRange[] {
  return kind === 'r' ? decodeRuns(offset, bytes) : decodeBits(offset, bytes);
}

/** The lengths of open and completed runs in turn, from the committed offset on, in base 128, low bits first. */
function encodeRuns(offset: number, ranges: readonly OffsetRange[]): number[] {
  const bytes: number[] = [];
  let at = offset;
  for (const { from, to } of ranges) {
    pushVarint(bytes, from - at);
    pushVarint(bytes, to - from);
    at = to;
  }
  return bytes;
}

function decodeRuns(offset: number, bytes: Buffer): OffsetRange[] {
  const ranges: OffsetRange[] = [];
  let at = offset;
  let isCompleted = false;
  for (const length of readVarints(bytes)) {
    if (isCompleted) ranges.push({ from: at, to: at + length });
    at += length;
    isCompleted = !isCompleted;
  }
  return ranges;
}

function pushVarint(bytes: number[], value: number): void {
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  bytes.push(value);
}

function readVarints(bytes: Buffer): number[] {
  const values: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte % 128) * scale;
    scale *= 128;
    if (byte > 127) continue;
    values.push(value);
    value = 0;
    scale = 1;
  }
  return values;
}

/** Bit `i` of the bytes, low bits first, says whether the offset `i` above the committed one is completed. */
function encodeBits(offset: number, ranges: readonly OffsetRange[], span: number): Buffer {
  const bits = Buffer.alloc(Math.ceil(span / 8));
  for (const { from, to } of ranges) {
    for (let i = from - offset; i < to - offset; i++) bits[i >> 3]! |= 1 << (i & 7);
  }
  return bits;
}

function decodeBits(offset: number, bits: Buffer): OffsetRange[] {
  const ranges: OffsetRange[] = [];
  const isSet = (i: number): boolean => ((bits[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;
  for (let i = 0; i < bits.length * 8; i++) {
    if (!isSet(i)) continue;
    const from = i;
    while (isSet(i)) i++;
    ranges.push({ from: offset + from, to: offset + i });
  }
  return ranges;
}
