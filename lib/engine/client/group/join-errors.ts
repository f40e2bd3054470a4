import type { GroupSettings } from '../client-settings.js';
import { describe, ErrorCode } from '../connection/protocol-errors.js';
import { MemberFencedError } from '../consumer-client.js';

/** The group will not have this member as it is now. */
export class JoinRefusedError extends Error {
  override readonly name = 'JoinRefusedError';
}

/** What to change, by the broker's error code. */
const advices: Record<number, (settings: GroupSettings) => string> = {
  [ErrorCode.FencedInstanceId]: ({ groupInstanceId }) =>
    `another process has joined with groupInstanceId "${groupInstanceId}"; give each process of the group its own`,
  [ErrorCode.InconsistentGroupProtocol]: ({ assignors }) =>
    `the group's members divide its partitions in other ways than ${assignors.join(', ')}; list one of theirs in assignors ` +
    '(kafkajs: roundrobin), or use a group of its own',
  [ErrorCode.InvalidSessionTimeout]: ({ sessionTimeoutMs }) =>
    `sessionTimeoutMs, ${sessionTimeoutMs}, must lie between the broker's group.min.session.timeout.ms and group.max.session.timeout.ms`,
  [ErrorCode.GroupAuthorizationFailed]: () => 'this client needs the permission Read on the group',
  [ErrorCode.GroupMaxSizeReached]: () => "the group has as many members as the broker's group.max.size allows",
};

/** Why a group refuses a member, in words that say what to change. */
export function refusal(errorCode: number, settings: GroupSettings): JoinRefusedError | MemberFencedError {
  const { message } = describe(errorCode, `Group "${settings.group}" refused this member`);
  const advice = advices[errorCode]?.(settings);
  const text = advice ? `${message}: ${advice}` : message;
  return errorCode === ErrorCode.FencedInstanceId ? new MemberFencedError(text) : new JoinRefusedError(text);
}
