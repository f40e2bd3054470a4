/** Writes Kafka's primitive types into a buffer that is large enough, in order. @see https://kafka.apache.org/protocol.html#protocol_types */
export class BufferWriter {
  at = 0;

  constructor(readonly buffer: Buffer) {}

  /** What was written so far. */
  get written(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  int8(value: number): this {
    this.at = this.buffer.writeInt8(value, this.at);
    return this;
  }

  int16(value: number): this {
    this.at = this.buffer.writeInt16BE(value, this.at);
    return this;
  }

  int32(value: number): this {
    this.at = this.buffer.writeInt32BE(value, this.at);
    return this;
  }

  /** Exact up to 2^53, which offsets, timestamps and producer ids never reach. */
  int64(value: number): this {
    const high = Math.floor(value / 0x1_0000_0000);
    return this.int32(high).int32((value - high * 0x1_0000_0000) | 0);
  }

  /** Zigzag, seven bits a byte, the lowest first. */
  varint(value: number): this {
    return this.uvarint(zigzag(value));
  }

  /** Seven bits a byte, the lowest first. */
  uvarint(value: number): this {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.buffer[this.at++] = (rest & 0x7f) | 0x80;
    this.buffer[this.at++] = rest;
    return this;
  }

  /** In the encoding of KIP-482. */
  compactString(value: string): this {
    this.uvarint(Buffer.byteLength(value) + 1);
    this.at += this.buffer.write(value, this.at);
    return this;
  }

  /** Nothing of what later versions of the protocol may add (KIP-482). */
  noTags(): this {
    return this.uvarint(0);
  }

  string(value: string): this {
    this.at = this.buffer.writeInt16BE(Buffer.byteLength(value), this.at);
    this.at += this.buffer.write(value, this.at);
    return this;
  }

  raw(bytes: Buffer): this {
    this.at += bytes.copy(this.buffer, this.at);
    return this;
  }

  /** Bytes behind a varint length; -1 stands for null. */
  varintBytes(bytes: Buffer | null): this {
    return bytes === null ? this.varint(-1) : this.varint(bytes.length).raw(bytes);
  }

  skipInt32(): number {
    this.at += 4;
    return this.at - 4;
  }
}

/** Bytes that {@link BufferWriter.varint} takes. */
export function varintSize(value: number): number {
  return uvarintSize(zigzag(value));
}

/** Bytes that {@link BufferWriter.uvarint} takes. */
export function uvarintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Bytes that {@link BufferWriter.varintBytes} takes. */
export function varintBytesSize(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}
