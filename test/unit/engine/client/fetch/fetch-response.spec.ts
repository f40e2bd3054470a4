import { describe, expect, it } from '@jest/globals';
import { decodeFetchResponse } from '../../../../../lib/engine/client/fetch/fetch-response.js';
import { newEncoder } from '../../../../support/record-batches.js';

describe('decodeFetchResponse', () => {
  it('reads a response of version 11, records left encoded', async () => {
    const records = Buffer.from('records');
    const payload = newEncoder().writeInt32(250).writeInt16(0).writeInt32(77).writeInt32(2); // throttle, error, session, topics
    payload.writeString('orders').writeInt32(2);
    payload.writeInt32(3).writeInt16(0).writeInt64(100).writeInt64(90).writeInt64(10);
    payload.writeInt32(1).writeInt64(9).writeInt64(40); // one aborted transaction
    payload.writeInt32(-1).writeInt32(records.length).writeBuffer(records);
    payload.writeInt32(4).writeInt16(1).writeInt64(-1).writeInt64(-1).writeInt64(-1);
    payload.writeInt32(-1).writeInt32(2).writeInt32(-1); // no aborted transactions, a replica to prefer, no records
    payload.writeString('payments').writeInt32(0);

    expect(await decodeFetchResponse(payload.buffer)).toEqual({
      clientSideThrottleTime: 250,
      errorCode: 0,
      partitions: [
        {
          topic: 'orders',
          partition: 3,
          errorCode: 0,
          lastStableOffset: 90,
          abortedTransactions: [{ producerId: 9, firstOffset: 40 }],
          preferredReadReplica: -1,
          bytes: records,
        },
        {
          topic: 'orders',
          partition: 4,
          errorCode: 1,
          lastStableOffset: -1,
          abortedTransactions: [],
          preferredReadReplica: 2,
          bytes: Buffer.alloc(0),
        },
      ],
    });
  });

  it('refuses a response that is cut off', () => {
    const payload = newEncoder().writeInt32(0).writeInt16(0).writeInt32(0).writeInt32(1).buffer;

    expect(() => decodeFetchResponse(payload)).toThrow('Truncated');
  });
});
