const GROWTH = 1024;

/** Byte fields of this size and more go to the socket as they are; smaller ones are cheaper to copy. */
const REFERENCED_FROM = 2048;

/**
 * Writes Kafka's primitives. Large byte fields are kept by reference, so that a fetch answer costs no copy of its
 * records: {@link finish} gives a list of buffers for one gathering write.
 */
export class Writer {
  private readonly done: Buffer[] = [];
  private doneBytes = 0;
  private buffer = Buffer.allocUnsafe(GROWTH);
  private at = 0;

  /**
   * @param version API version to write for, for fields that not every version has
   * @param isFlexible whether texts and lists are compact and structures end with tagged fields (KIP-482)
   */
  constructor(
    readonly version = 0,
    readonly isFlexible = false,
  ) {}

  int8(value: number): void {
    this.reserve(1);
    this.at = this.buffer.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.reserve(2);
    this.at = this.buffer.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.reserve(4);
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  uint32(value: number): void {
    this.reserve(4);
    this.at = this.buffer.writeUInt32BE(value, this.at);
  }

  int64(value: number): void {
    this.reserve(8);
    this.at = this.buffer.writeBigInt64BE(BigInt(value), this.at);
  }

  varint(value: number): void {
    this.uvarint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  uvarint(value: number): void {
    let rest = value;
    this.reserve(10);
    while (rest >= 128) {
      this.buffer[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.at++] = rest;
  }

  bytes(value: Buffer): void {
    if (value.length >= REFERENCED_FROM) return this.reference(value);
    this.reserve(value.length);
    this.at += value.copy(this.buffer, this.at);
  }

  /** Everything written so far, in order, and its length in bytes. */
  finish(): { chunks: Buffer[]; length: number } {
    this.flush();
    return { chunks: this.done, length: this.doneBytes };
  }

  /** Everything written so far as one buffer. */
  toBuffer(): Buffer {
    return Buffer.concat(this.finish().chunks);
  }

  private reference(value: Buffer): void {
    this.flush();
    this.push(value);
  }

  private flush(): void {
    if (this.at === 0) return;
    this.push(this.buffer.subarray(0, this.at));
    this.buffer = this.buffer.subarray(this.at);
    this.at = 0;
  }

  private push(chunk: Buffer): void {
    this.done.push(chunk);
    this.doneBytes += chunk.length;
  }

  private reserve(length: number): void {
    if (this.at + length <= this.buffer.length) return;
    this.flush();
    this.buffer = Buffer.allocUnsafe(Math.max(GROWTH, length));
  }
}
