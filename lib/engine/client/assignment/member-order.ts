import type { GroupMember } from './assignor.js';
import { compareNames } from './topic-partitions.js';

/**
 * The Java client's order of members (`MemberInfo.compareTo`): static ones first, by the name that outlives their
 * process, then the others by member id.
 */
export function inOrder<T extends Pick<GroupMember, 'memberId' | 'instanceId'>>(members: readonly T[]): T[] {
  return [...members].sort((a, b) => {
    if (a.instanceId !== null && b.instanceId !== null) return compareNames(a.instanceId, b.instanceId);
    if (a.instanceId !== null) return -1;
    if (b.instanceId !== null) return 1;
    return compareNames(a.memberId, b.memberId);
  });
}
