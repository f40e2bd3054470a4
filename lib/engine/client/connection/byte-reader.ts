/** Reads Kafka's primitive types from a buffer, in order. @see https://kafka.apache.org/protocol.html#protocol_types */
export class ByteReader {
  constructor(
    private readonly buffer: Buffer,
    private at = 0,
    private readonly end = buffer.length,
  ) {}

  /** Where the next value begins. */
  get position(): number {
    return this.at;
  }

  get remaining(): number {
    return this.end - this.at;
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

  /** Zigzag, seven bits a byte, the lowest first. Nearly all are short. */
  varint(): number {
    const { buffer } = this;
    let byte = buffer[this.at++]!;
    let bits = byte & 0x7f;
    if (byte >= 0x80) {
      byte = buffer[this.at++]!;
      bits |= (byte & 0x7f) << 7;
    }
    if (byte >= 0x80) {
      byte = buffer[this.at++]!;
      bits |= (byte & 0x7f) << 14;
    }
    if (byte >= 0x80) return this.longVarint(bits);
    if (this.at > this.end) throw this.truncated(1, this.end);
    return (bits >>> 1) ^ -(bits & 1);
  }

  string(): string {
    return this.take(this.int16()).toString('utf8');
  }

  /** The next bytes, sharing memory with the buffer. */
  take(length: number): Buffer {
    const start = this.advance(length);
    return this.buffer.subarray(start, start + length);
  }

  skip(length: number): void {
    this.advance(length);
  }

  /** Bytes behind a varint length; -1 stands for null. */
  varintBytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.take(length);
  }

  skipVarintBytes(): void {
    const length = this.varint();
    if (length > 0) this.advance(length);
  }

  /** Seven bits a byte, the lowest first. */
  uvarint(): number {
    let result = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.buffer[this.advance(1)]!;
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result;
    }
  }

  /** In the encoding of KIP-482. */
  compactString(): string | null {
    const length = this.uvarint() - 1;
    return length < 0 ? null : this.take(length).toString('utf8');
  }

  /** In the encoding of KIP-482. */
  compactArray<T>(readItem: () => T): T[] {
    return Array.from({ length: Math.max(0, this.uvarint() - 1) }, readItem);
  }

  /** What later versions of the protocol may add (KIP-482). */
  skipTags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint();
      this.skip(this.uvarint());
    }
  }

  array<T>(readItem: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(readItem());
    return items;
  }

  /** Goes on behind the first three bytes. Plain arithmetic: JavaScript's shifts end at 32 bits. */
  private longVarint(firstBits: number): number {
    let result = firstBits;
    for (let factor = 2 ** 21; ; factor *= 128) {
      const byte = this.buffer[this.advance(1)]!;
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result % 2 === 0 ? result / 2 : -(result + 1) / 2;
    }
  }

  private advance(length: number): number {
    const start = this.at;
    if (length < 0 || start + length > this.end) throw this.truncated(length, start);
    this.at += length;
    return start;
  }

  private truncated(length: number, start: number): RangeError {
    const left = Math.max(0, this.end - start);
    return new RangeError(`Truncated: ${length} bytes expected at ${start}, ${left} left`);
  }
}
