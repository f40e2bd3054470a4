import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import {
  describe as describeError,
  ErrorCode,
  isCoordinatorMoved,
  isMembershipLost,
  isRetriable,
  throwOnError,
} from '../../../../../lib/engine/client/connection/protocol-errors.js';

/** Kafka's names, from the protocol's table. */
const names: Record<keyof typeof ErrorCode, string> = {
  UnknownServerError: 'UNKNOWN',
  None: 'KAFKAJS_UNKNOWN_ERROR_CODE', // kafkajs has no error for success
  OffsetOutOfRange: 'OFFSET_OUT_OF_RANGE',
  UnknownTopicOrPartition: 'UNKNOWN_TOPIC_OR_PARTITION',
  InvalidTopic: 'INVALID_TOPIC_EXCEPTION',
  MessageTooLarge: 'MESSAGE_TOO_LARGE',
  OffsetMetadataTooLarge: 'OFFSET_METADATA_TOO_LARGE',
  CoordinatorLoadInProgress: 'GROUP_LOAD_IN_PROGRESS',
  CoordinatorNotAvailable: 'GROUP_COORDINATOR_NOT_AVAILABLE',
  NotCoordinator: 'NOT_COORDINATOR_FOR_GROUP',
  RecordListTooLarge: 'RECORD_LIST_TOO_LARGE',
  IllegalGeneration: 'ILLEGAL_GENERATION',
  InconsistentGroupProtocol: 'INCONSISTENT_GROUP_PROTOCOL',
  UnknownMemberId: 'UNKNOWN_MEMBER_ID',
  InvalidSessionTimeout: 'INVALID_SESSION_TIMEOUT',
  RebalanceInProgress: 'REBALANCE_IN_PROGRESS',
  TopicAuthorizationFailed: 'TOPIC_AUTHORIZATION_FAILED',
  GroupAuthorizationFailed: 'GROUP_AUTHORIZATION_FAILED',
  InvalidTimestamp: 'INVALID_TIMESTAMP',
  TopicAlreadyExists: 'TOPIC_ALREADY_EXISTS',
  OutOfOrderSequenceNumber: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  InvalidProducerEpoch: 'INVALID_PRODUCER_EPOCH',
  UnknownProducerId: 'UNKNOWN_PRODUCER_ID',
  MemberIdRequired: 'MEMBER_ID_REQUIRED',
  GroupMaxSizeReached: 'GROUP_MAX_SIZE_REACHED',
  FencedInstanceId: 'FENCED_INSTANCE_ID',
  InvalidRecord: 'INVALID_RECORD',
};

describe('ErrorCode', () => {
  it.each(Object.entries(names) as [keyof typeof ErrorCode, string][])('%s is %s', (name, type) => {
    expect(describeError(ErrorCode[name], 'test').type).toBe(type);
  });
});

describe('A protocol error', () => {
  it('says what was under way, what came and its code', () => {
    const { message } = describeError(25, 'Offset commit of orders-0 failed');

    expect(message).toBe(
      'Offset commit of orders-0 failed: The coordinator is not aware of this member (UNKNOWN_MEMBER_ID, code 25)',
    );
  });

  it('names a code that kafkajs does not know', () => {
    expect(describeError(119, 'joining').message).toContain('Unknown error code 119');
  });

  it('is not shared between two occurrences', () => {
    expect(describeError(25, 'first').message).not.toBe(describeError(25, 'second').message);
  });

  it('is thrown for any code but 0', () => {
    expect(() => throwOnError(0, 'joining')).not.toThrow();
    expect(() => throwOnError(-1, 'joining')).toThrow(kafkajs.KafkaJSProtocolError);
    expect(() => throwOnError(15, 'joining')).toThrow('joining: ');
  });
});

it.each([
  [14, 'moved'],
  [15, 'moved'],
  [16, 'moved'],
  [22, 'lost'],
  [25, 'lost'],
  [82, 'lost'],
  [0, 'neither'],
  [27, 'neither'],
  [30, 'neither'],
])('Code %d means: %s', (code, expected) => {
  const meanings = [isCoordinatorMoved(code) && 'moved', isMembershipLost(code) && 'lost'].filter(Boolean);

  expect(meanings).toEqual(expected === 'neither' ? [] : [expected]);
});

it.each([
  [-1, true],
  [14, true],
  [16, true],
  [30, false],
  [82, false],
  [119, false],
])('Code %d may pass by itself: %s', (code, expected) => {
  expect(isRetriable(code)).toBe(expected);
});
