import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../../../../lib/engine/client/connection/byte-reader.js';
import { newEncoder } from '../../../../support/record-batches.js';

const safeLong = fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe('ByteReader', () => {
  it('reads varints as kafkajs writes them', () => {
    fc.assert(
      fc.property(int32, (value) => {
        const reader = new ByteReader(newEncoder().writeVarInt(value).buffer);
        expect(reader.varint()).toBe(value);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it('reads long varints as kafkajs writes them', () => {
    fc.assert(
      fc.property(safeLong, (value) => {
        const reader = new ByteReader(newEncoder().writeVarLong(value).buffer);
        expect(reader.varint()).toBe(value);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it.each([
    [[0x00], 0],
    [[0x01], -1],
    [[0x02], 1],
    [[0x7f], -64],
    [[0x80, 0x01], 64],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], -2147483648],
    [[0xfe, 0xff, 0xff, 0xff, 0x0f], 2147483647],
  ])('reads the varint %j as %d', (bytes, value) => {
    const read = new ByteReader(Buffer.from(bytes)).varint();

    expect(read).toBe(value);
    expect(Object.is(read, -0)).toBe(false);
  });

  it('reads 64 bit integers exactly up to 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(new ByteReader(newEncoder().writeInt64(String(value)).buffer).int64()).toBe(value);
      }),
    );
  });

  it('reads one value after the other', () => {
    const { buffer } = newEncoder().writeInt8(-1).writeInt16(-2).writeInt32(-3).writeInt64(-4).writeString('größe');

    const reader = new ByteReader(buffer);

    expect([reader.int8(), reader.int16(), reader.int32(), reader.int64(), reader.string()]).toEqual([
      -1,
      -2,
      -3,
      -4,
      'größe',
    ]);
    expect(reader.remaining).toBe(0);
  });

  it('begins where it is told to', () => {
    expect(new ByteReader(Buffer.from([9, 9, 7]), 2).int8()).toBe(7);
  });

  it('reads arrays, and none where the length is -1', () => {
    const reader = new ByteReader(newEncoder().writeInt32(2).writeInt8(1).writeInt8(2).writeInt32(-1).buffer);

    expect(reader.array(() => reader.int8())).toEqual([1, 2]);
    expect(reader.array(() => reader.int8())).toEqual([]);
  });

  it('tells null from empty bytes behind a varint', () => {
    const reader = new ByteReader(newEncoder().writeVarInt(-1).writeVarInt(0).buffer);

    expect(reader.varintBytes()).toBeNull();
    expect(reader.varintBytes()).toEqual(Buffer.alloc(0));
  });

  it('skips what nobody asks for, and tells where it is', () => {
    const bytes = Buffer.from('bytes');
    const { buffer } = newEncoder()
      .writeInt32(1)
      .writeVarInt(bytes.length)
      .writeBuffer(bytes)
      .writeVarInt(-1)
      .writeInt8(7);
    const reader = new ByteReader(buffer);

    reader.skip(4);
    reader.skipVarintBytes();
    expect(reader.position).toBe(10);
    reader.skipVarintBytes();
    expect(reader.int8()).toBe(7);
  });

  it.each<[string, (reader: ByteReader) => unknown]>([
    ['an integer', (reader) => reader.int32()],
    ['bytes', (reader) => reader.take(4)],
    ['a negative number of bytes', (reader) => reader.take(-1)],
    ['a varint without an end', (reader) => reader.varint()],
    ['bytes of a varint length', (reader) => reader.skipVarintBytes()],
  ])('refuses to read %s past the end', (_, read) => {
    const reader = new ByteReader(Buffer.from([0x80, 0x80, 0x80]));

    expect(() => read(reader)).toThrow(RangeError);
  });

  it.each([1, 2, 3, 4, 5])('refuses a varint of which %d bytes are there', (length) => {
    const reader = new ByteReader(Buffer.alloc(length, 0x80));

    expect(() => reader.varint()).toThrow(RangeError);
  });

  it('says where it was and what was missing', () => {
    const reader = new ByteReader(Buffer.alloc(5));
    reader.int8();

    expect(() => reader.int64()).not.toThrow(TypeError);
    expect(() => new ByteReader(Buffer.alloc(3), 1).int32()).toThrow('Truncated: 4 bytes expected at 1, 2 left');
  });
});
