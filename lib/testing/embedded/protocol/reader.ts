import { MalformedError } from './malformed.error.js';

/** Reads Kafka's primitives (big endian) from a buffer, and never past its end. */
export class Reader {
  private at = 0;

  /**
   * @param buffer what to read; byte fields are slices of it, not copies
   * @param version API version the bytes are of, for fields that not every version has
   * @param isFlexible whether texts and lists are compact and structures end with tagged fields (KIP-482)
   */
  constructor(
    private readonly buffer: Buffer,
    readonly version = 0,
    readonly isFlexible = false,
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

  /** A 64 bit integer as a number: offsets and timestamps stay far below 2^53. */
  int64(): number {
    return Number(this.buffer.readBigInt64BE(this.advance(8)));
  }

  bytes(length: number): Buffer {
    const start = this.advance(length);
    return this.buffer.subarray(start, start + length);
  }

  string(length: number): string {
    const start = this.advance(length);
    return this.buffer.toString('utf8', start, start + length);
  }

  /** Signed zigzag varint of at most 64 bits, as record fields use it. */
  varint(): number {
    const value = this.uvarint();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }

  /** Unsigned varint of at most 64 bits. */
  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let shift = 0; shift < 10; shift++) {
      const byte = this.buffer.readUInt8(this.advance(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new MalformedError('expected a varint of at most 10 bytes, got a longer one');
  }

  private advance(length: number): number {
    if (length < 0 || length > this.remaining) {
      throw new MalformedError(`expected ${length} more bytes, got ${this.remaining}`);
    }
    const start = this.at;
    this.at += length;
    return start;
  }
}
