/** Writes Kafka's primitive types, in order. @see https://kafka.apache.org/protocol.html#protocol_types */
export class ByteWriter {
  private readonly chunks: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  int16(value: number): this {
    const chunk = Buffer.alloc(2);
    chunk.writeInt16BE(value);
    return this.raw(chunk);
  }

  int32(value: number): this {
    const chunk = Buffer.alloc(4);
    chunk.writeInt32BE(value);
    return this.raw(chunk);
  }

  string(value: string): this {
    const chunk = Buffer.from(value, 'utf8');
    return this.int16(chunk.length).raw(chunk);
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  lengthAndBytes(value: Buffer): this {
    return this.int32(value.length).raw(value);
  }

  array<T>(items: Iterable<T>, writeItem: (item: T) => void): this {
    const all = [...items];
    this.int32(all.length);
    all.forEach(writeItem);
    return this;
  }

  private raw(chunk: Buffer): this {
    this.chunks.push(chunk);
    return this;
  }
}
