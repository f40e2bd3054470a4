import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  unknownGeneration,
} from '../../../../../lib/engine/client/assignment/consumer-protocol.js';

import { partitionName } from '../../../../../lib/engine/client/consumer-client.js';
import { anyTopic, partitions } from './groups.js';

const { AssignerProtocol } = kafkajs;
const hex = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(' ', ''), 'hex');

/** By the definition of the protocol, and the same as kafka-clients 4.1.1 wrote them. */
const topicsAndUserData = '00000002 0001 61 0001 62  00000004 00000007';
const owned = '00000002  0001 61 00000001 00000000  0001 62 00000002 00000001 00000002';
const subscriptionOfJava = {
  v0: hex(`0000 ${topicsAndUserData}`),
  v1: hex(`0001 ${topicsAndUserData} ${owned}`),
  v2: hex(`0002 ${topicsAndUserData} ${owned} 00000007`),
  v3: hex(`0003 ${topicsAndUserData} ${owned} 00000007 0002 7231`),
};
const bareSubscriptionOfJava = hex('0003 00000001 0001 61 ffffffff 00000000 ffffffff ffff');
const assignmentOfJava = '00000002  0001 62 00000002 00000002 00000001  0001 61 00000001 00000000  ffffffff';

const subscription = {
  topics: ['a', 'b'],
  userData: hex('00000007'),
  owned: [...partitions('a', 0), ...partitions('b', 1, 2)],
  generation: 7,
  rackId: 'r1',
};

describe('A subscription', () => {
  it('is written byte by byte as the Java client writes it', () => {
    expect(encodeSubscription(subscription)).toEqual(subscriptionOfJava.v3);
  });

  it('is the same bytes in whatever order topics and partitions come', () => {
    const shuffled = { ...subscription, topics: ['b', 'a'], owned: [...subscription.owned].reverse() };

    expect(encodeSubscription(shuffled)).toEqual(subscriptionOfJava.v3);
  });

  it.each([
    ['v0', { owned: [], generation: unknownGeneration, rackId: undefined }],
    ['v1', { generation: unknownGeneration, rackId: undefined }],
    ['v2', { rackId: undefined }],
    ['v3', {}],
  ] as const)('is read in version %s', (version, missing) => {
    expect(decodeSubscription(subscriptionOfJava[version])).toEqual({ ...subscription, ...missing });
  });

  it('is read where the Java client has nothing to say', () => {
    expect(decodeSubscription(bareSubscriptionOfJava)).toEqual({
      topics: ['a'],
      userData: Buffer.alloc(0),
      owned: [],
      generation: unknownGeneration,
      rackId: undefined,
    });
  });

  it('takes an empty rack for none', () => {
    expect(decodeSubscription(hex('0003 00000000 00000000 00000000 00000001 0000')).rackId).toBeUndefined();
  });

  it('is read in versions to come as far as we know them', () => {
    const later = Buffer.concat([hex('0004'), subscriptionOfJava.v3.subarray(2), hex('cafe')]);

    expect(decodeSubscription(later)).toEqual(subscription);
  });

  it('is read by kafkajs', () => {
    expect(AssignerProtocol.MemberMetadata.decode(encodeSubscription(subscription))).toEqual({
      version: 3,
      topics: subscription.topics,
      userData: subscription.userData,
    });
  });

  it('is read from kafkajs', () => {
    const bytes = AssignerProtocol.MemberMetadata.encode({ version: 0, topics: ['a'], userData: Buffer.alloc(0) });

    expect(decodeSubscription(bytes)).toMatchObject({ topics: ['a'], owned: [], generation: unknownGeneration });
  });

  it.each([0, 1, 2, 3] as const)('cut short in version %d is refused, wherever the cut', (version) => {
    const bytes = subscriptionOfJava[`v${version}`];
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSubscription(bytes.subarray(0, length))).toThrow(
        `Not a subscription of Kafka's consumer protocol (${length} bytes): Truncated`,
      );
    }
  });

  it('of a negative version is refused', () => {
    expect(() => decodeSubscription(hex('ffff'))).toThrow('Version -1, expected 0 or higher');
  });

  it('comes back as it was, whatever the topics are called', () => {
    fc.assert(
      fc.property(anySubscription, (any) => {
        const decoded = decodeSubscription(encodeSubscription(any));

        expect(decoded).toMatchObject({ userData: any.userData, generation: any.generation, rackId: any.rackId });
        expect(decoded.topics).toEqual([...any.topics].sort());
        expect(decoded.owned.map(partitionName).sort()).toEqual(any.owned.map(partitionName).sort());
      }),
    );
  });

  it('is never anything but read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeSubscription(Buffer.from(bytes));
        } catch (error) {
          expect((error as Error).message).toContain('Not a subscription');
        }
      }),
    );
  });
});

describe('An assignment', () => {
  const assigned = [...partitions('b', 2, 1), ...partitions('a', 0)];

  it.each(['0000', '0003', '0004'])('of version %s is read from the Java client', (version) => {
    expect(decodeAssignment(hex(version + assignmentOfJava))).toEqual(assigned);
  });

  it('is written in the oldest version, which all can read', () => {
    expect(encodeAssignment(subscription.owned)).toEqual(hex(`0000 ${owned} 00000000`));
  });

  it('is read by kafkajs', () => {
    expect(AssignerProtocol.MemberAssignment.decode(encodeAssignment(assigned))).toEqual({
      version: 0,
      assignment: { a: [0], b: [1, 2] },
      userData: Buffer.alloc(0),
    });
  });

  it('is read from kafkajs', () => {
    const assignment = { a: [0], b: [1, 2] };
    const bytes = AssignerProtocol.MemberAssignment.encode({ version: 1, assignment, userData: Buffer.alloc(0) });

    expect(decodeAssignment(bytes)).toEqual(subscription.owned);
  });

  it.each([null, Buffer.alloc(0)])('may be missing: %j', (nothing) => {
    expect(decodeAssignment(nothing)).toEqual([]);
  });

  it('cut short is refused', () => {
    expect(() => decodeAssignment(hex('0000 00000001 0001'))).toThrow(
      "Not an assignment of Kafka's consumer protocol (8 bytes): Truncated",
    );
  });

  it('comes back as it was, whatever the topics are called', () => {
    fc.assert(
      fc.property(anyPartitions, (any) => {
        expect(decodeAssignment(encodeAssignment(any)).map(partitionName).sort()).toEqual(
          any.map(partitionName).sort(),
        );
      }),
    );
  });
});

const anyPartitions = fc.uniqueArray(fc.record({ topic: anyTopic, partition: fc.nat(100) }), {
  selector: partitionName,
});

const anySubscription = fc.record({
  topics: fc.uniqueArray(fc.string({ unit: 'binary' })),
  userData: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  owned: anyPartitions,
  generation: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  rackId: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
});
