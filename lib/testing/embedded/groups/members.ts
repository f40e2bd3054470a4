import { randomUUID } from 'node:crypto';
import { Refusal } from '../protocol/errors.js';
import { type Member } from './member.js';

/** Who a request says it is from. */
export interface Identity {
  memberId: string;
  groupInstanceId: string | null;
}

/** An id for a member, of its client id or its instance id and something unique. */
export function newId(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}

/** The members of one group by id and, the static ones, by instance id; and the ids that are given out but not joined. */
export class Members {
  private readonly byId = new Map<string, Member>();
  private readonly ids = new Map<string, string>();

  /** Ids that were given out (KIP-394) and have not come back with a join yet. */
  private readonly announced = new Map<string, NodeJS.Timeout>();

  get size(): number {
    return this.byId.size;
  }

  get hasAnnounced(): boolean {
    return this.announced.size > 0;
  }

  all(): Member[] {
    return [...this.byId.values()];
  }

  joined(): Member[] {
    return this.all().filter(({ joining }) => joining);
  }

  /** Longest time, in ms, that a member lets the others take to join. */
  patience(): number {
    return Math.max(0, ...this.all().map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs));
  }

  /**
   * The member a request is from.
   *
   * @throws Refusal `UNKNOWN_MEMBER_ID`, or `FENCED_INSTANCE_ID` when the instance id has gone to another member
   */
  get({ memberId, groupInstanceId }: Identity): Member {
    if (groupInstanceId !== null && this.instance(groupInstanceId).id !== memberId) {
      throw new Refusal('FENCED_INSTANCE_ID', `${groupInstanceId} is another member now`);
    }
    return this.expect(memberId);
  }

  /** @throws Refusal `UNKNOWN_MEMBER_ID` */
  instance(groupInstanceId: string): Member {
    const memberId = this.ids.get(groupInstanceId);
    if (memberId === undefined) throw new Refusal('UNKNOWN_MEMBER_ID', `the group has no instance ${groupInstanceId}`);
    return this.expect(memberId);
  }

  hasInstance(groupInstanceId: string): boolean {
    return this.ids.has(groupInstanceId);
  }

  add(member: Member): void {
    this.byId.set(member.id, member);
    if (member.groupInstanceId !== null) this.ids.set(member.groupInstanceId, member.id);
  }

  rename(member: Member, id: string): void {
    this.delete(member);
    member.id = id;
    this.add(member);
  }

  /** Takes a member out. Its session is over, and so is what it waits for. */
  dismiss(member: Member): void {
    this.delete(member);
    member.dismiss(new Refusal('UNKNOWN_MEMBER_ID'));
  }

  /** Remembers an id that a client was told to join with; `forgotten` is called when it does not within the time. */
  announce(memberId: string, timeoutMs: number, forgotten: () => void): void {
    const forget = () => {
      this.announced.delete(memberId);
      forgotten();
    };
    this.announced.set(memberId, setTimeout(forget, timeoutMs).unref());
  }

  isAnnounced(memberId: string): boolean {
    return this.announced.has(memberId);
  }

  forgetAnnounced(memberId: string): void {
    clearTimeout(this.announced.get(memberId));
    this.announced.delete(memberId);
  }

  close(reason: Refusal): void {
    for (const timer of this.announced.values()) clearTimeout(timer);
    this.announced.clear();
    for (const member of this.all()) member.dismiss(reason);
  }

  private delete(member: Member): void {
    this.byId.delete(member.id);
    if (member.groupInstanceId !== null) this.ids.delete(member.groupInstanceId);
  }

  private expect(memberId: string): Member {
    const member = this.byId.get(memberId);
    if (!member) throw new Refusal('UNKNOWN_MEMBER_ID', `the group has no member ${memberId}`);
    return member;
  }
}
