import { createErrorFromCode, type ProtocolError } from './kafkajs-internals.js';

/** Kafka's error codes that the client decides by. @see https://kafka.apache.org/protocol.html#protocol_error_codes */
export const ErrorCode = {
  UnknownServerError: -1,
  None: 0,
  OffsetOutOfRange: 1,
  UnknownTopicOrPartition: 3,
  MessageTooLarge: 10,
  OffsetMetadataTooLarge: 12,
  CoordinatorLoadInProgress: 14,
  CoordinatorNotAvailable: 15,
  NotCoordinator: 16,
  InvalidTopic: 17,
  RecordListTooLarge: 18,
  IllegalGeneration: 22,
  InconsistentGroupProtocol: 23,
  UnknownMemberId: 25,
  InvalidSessionTimeout: 26,
  RebalanceInProgress: 27,
  TopicAuthorizationFailed: 29,
  GroupAuthorizationFailed: 30,
  InvalidTimestamp: 32,
  TopicAlreadyExists: 36,
  OutOfOrderSequenceNumber: 45,
  InvalidProducerEpoch: 47,
  UnknownProducerId: 59,
  MemberIdRequired: 79,
  GroupMaxSizeReached: 81,
  FencedInstanceId: 82,
  InvalidRecord: 87,
} as const;

const coordinatorMoved: readonly number[] = [
  ErrorCode.CoordinatorLoadInProgress,
  ErrorCode.CoordinatorNotAvailable,
  ErrorCode.NotCoordinator,
];

const membershipLost: readonly number[] = [
  ErrorCode.IllegalGeneration,
  ErrorCode.UnknownMemberId,
  ErrorCode.FencedInstanceId,
];

/** The group has another coordinator, or its coordinator is not ready yet: look it up again. */
export function isCoordinatorMoved(code: number): boolean {
  return coordinatorMoved.includes(code);
}

/** The group goes on without this member: what it owned is lost. */
export function isMembershipLost(code: number): boolean {
  return membershipLost.includes(code);
}

/** The same request may succeed later. */
export function isRetriable(code: number): boolean {
  return code === ErrorCode.UnknownServerError || createErrorFromCode(code).retriable;
}

/** @throws kafkajs's error for the code, unless it is 0 */
export function throwOnError(code: number, what: string): void {
  if (code !== ErrorCode.None) throw describe(code, what);
}

/** Text and type of an error code, for logs. */
export function describe(code: number, what: string): ProtocolError {
  const error = createErrorFromCode(code);
  error.message = `${what}: ${error.message} (${error.type}, code ${code})`;
  return error;
}
