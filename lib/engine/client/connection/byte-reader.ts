/** Reads Kafka's primitive types from a buffer, in order. @see https://kafka.apache.org/protocol.html#protocol_types */
export class ByteReader {
  constructor(
    private readonly buffer: Buffer,
    private at = 0,
  ) {}

  get remaining(): number {
    return this.buffer.length - this.at;
  }

  int8(): number {
    return this.buffer.readInt8(this.advance(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.advance(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.advance(4));
  }

  /** Exact up to 2^53, which offsets, timestamps and producer ids never reach. */
  int64(): number {
    return this.int32() * 0x1_0000_0000 + this.buffer.readUInt32BE(this.advance(4));
  }

  /** Zigzag, seven bits a byte. Plain arithmetic from the fifth byte on: JavaScript's shifts end at 32 bits. */
  varint(): number {
    let result = 0;
    let factor = 1;
    for (;;) {
      const byte = this.buffer[this.advance(1)]!;
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
    }
    return result % 2 === 0 ? result / 2 : -(result + 1) / 2;
  }

  string(): string {
    return this.take(this.int16()).toString('utf8');
  }

  /** The next bytes, sharing memory with the buffer. */
  take(length: number): Buffer {
    const start = this.advance(length);
    return this.buffer.subarray(start, start + length);
  }

  /** Bytes behind a varint length; -1 stands for null. */
  varintBytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.take(length);
  }

  array<T>(readItem: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(readItem());
    return items;
  }

  private advance(length: number): number {
    const start = this.at;
    if (length < 0 || start + length > this.buffer.length) {
      throw new RangeError(`Truncated: ${length} bytes expected at ${start}, ${this.remaining} left`);
    }
    this.at += length;
    return start;
  }
}
