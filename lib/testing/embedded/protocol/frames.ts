import { MalformedError } from './malformed.error.js';

const PREFIX = 4;

/**
 * Cuts a stream of chunks into frames: 4 bytes of length, then the frame. Holds the chunks of at most one unfinished
 * frame and reserves nothing ahead of the bytes, so that an announced length costs no memory.
 */
export class Frames {
  private chunks: Buffer[] = [];
  private held = 0;

  /** @param maxBytes longest frame accepted, in bytes */
  constructor(private readonly maxBytes: number) {}

  /**
   * The frames that a further chunk completes.
   *
   * @throws MalformedError on a negative length or one above the maximum
   */
  *push(chunk: Buffer): Generator<Buffer> {
    this.chunks.push(chunk);
    this.held += chunk.length;
    while (this.held >= PREFIX) {
      const end = PREFIX + this.announced();
      if (this.held < end) return;
      yield this.take(end).subarray(PREFIX);
    }
  }

  private announced(): number {
    if ((this.chunks[0] as Buffer).length < PREFIX) this.join();
    const length = (this.chunks[0] as Buffer).readInt32BE(0);
    if (length < 0 || length > this.maxBytes) {
      throw new MalformedError(`expected a frame of 0 to ${this.maxBytes} bytes, got ${length}`);
    }
    return length;
  }

  private take(length: number): Buffer {
    const joined = this.join();
    const rest = joined.subarray(length);
    this.chunks = rest.length ? [rest] : [];
    this.held = rest.length;
    return joined.subarray(0, length);
  }

  private join(): Buffer {
    const joined = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks, this.held);
    this.chunks = [joined];
    return joined;
  }
}
