import { partitionName, type PartitionPosition, type TopicPartition } from '../consumer-client.js';
import type { FetchBuffer } from './fetch-buffer.js';
import type { FetchedChunk } from './fetched-chunk.js';

/** The chunk that is being handed out, and one more. */
const chunksAhead = 2;

/** Since when nothing must have come of a partition that counts as quiet. */
const livelyMs = 1_000;

/** Where reading of one partition stands, from the time it is added until it is removed. */
export class PartitionState implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly name: string;
  readonly chunks: FetchedChunk[] = [];

  /** The offset behind the last record that was handed out, and behind the last that was fetched. */
  position: number;
  fetchOffset: number;

  /** The fetch that is to bring what is at {@link fetchOffset}. */
  poll: object | undefined;
  paused = false;
  removed = false;

  /** When a broker last answered a fetch of it, or it was added; by a clock that nobody sets. */
  answeredAt = performance.now();

  /** A decompression is under way. */
  decompressing = false;

  /** Time before which it is left out, after an error of its own. */
  blockedUntil = 0;

  /** What comes behind the chunks cannot be fetched: it is seen to when they have been handed out. */
  isStuck = false;

  /** Its leader, and a replica that the leader prefers for us until its word is too old. */
  leader = -1;
  follower: { node: number; until: number } | undefined;

  /** Whether the leader is still, or again, to be looked up. */
  isLost = true;

  /** Bytes of the largest batch that was cut off, and of the next one if that is all that came of it. */
  largestBatch = 0;
  cutOff = 0;

  /** Rises with everything that makes what was begun before void. */
  epoch = 0;

  /** When something last happened to it; it is fresh until a broker has said whether there is more. */
  private lastNews = performance.now();
  private isFresh = true;

  constructor(
    { topic, partition, offset }: PartitionPosition,
    private readonly buffer: FetchBuffer,
    private readonly isDoubtful: (topic: string) => boolean,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.name = partitionName({ topic, partition });
    this.position = this.fetchOffset = offset;
  }

  /** The broker to ask, -1 for none. */
  get node(): number {
    return this.follower?.node ?? this.leader;
  }

  /** Whether its topic may be another one by now: nothing that comes of it counts. */
  get isInDoubt(): boolean {
    return this.isDoubtful(this.topic);
  }

  /** Whether it is to be fetched now. */
  isWanted(now: number): boolean {
    return this.poll === undefined && this.isOpen && this.blockedUntil <= now;
  }

  /** Whether there is room for more of it, and nobody is against it. */
  get isOpen(): boolean {
    const { chunks } = this;
    const isHeldUp = this.paused || this.isLost || this.isInDoubt || (this.isStuck && chunks.length > 0);
    return !isHeldUp && chunks.length < chunksAhead;
  }

  get hasRecords(): boolean {
    return !this.paused && !this.removed && !this.decompressing && this.chunks.length > 0;
  }

  /** Whether it may be expected to have nothing for long. */
  isQuiet(now: number): boolean {
    return !this.isFresh && now - this.lastNews > livelyMs;
  }

  store(chunk: FetchedChunk, next: number): void {
    this.buffer.take(chunk.size);
    this.chunks.push(chunk);
    this.fetchOffset = next;
    this.poll = undefined;
    this.cutOff = 0;
    this.sawMore();
  }

  /** Drops the first chunk, all of which was handed out. */
  shift(): void {
    this.buffer.release(this.chunks.shift()?.size ?? 0);
    if (this.chunks.length === 0) this.isStuck = false;
  }

  /** The broker has more of it than it has sent. */
  sawMore(): void {
    this.lastNews = performance.now();
    this.isFresh = false;
  }

  /** The broker has no more of it: unless there was something lately, there may be nothing for long. */
  sawEnd(): void {
    if (this.isFresh) this.lastNews = -Infinity;
    this.isFresh = false;
  }

  /** Something may have come that we do not know of. */
  refresh(): void {
    this.lastNews = performance.now();
    this.isFresh = true;
  }

  /** Goes on elsewhere; what was fetched or is under way is void. */
  seek(offset: number): void {
    this.position = offset;
    this.blockedUntil = 0;
    this.refresh();
    this.restart();
  }

  /** Drops what was fetched and not handed out: it is fetched again. */
  restart(): void {
    this.epoch++;
    while (this.chunks.length > 0) this.shift();
    this.fetchOffset = this.position;
    this.poll = undefined;
    this.isStuck = this.decompressing = false;
    this.cutOff = 0;
  }

  remove(): void {
    this.removed = true;
    this.restart();
  }
}
