import { type RequestOf, type ResponseOf } from '../../../lib/testing/embedded/protocol/apis.js';
import { eventually } from './eventually.js';
import { GroupMember, subscriptionTo } from './group-member.js';
import { openTarget, type Target } from './target.js';
import { ask, WireCluster } from './wire-cluster.js';

type Protocols = RequestOf<'JoinGroup'>['protocols'];

/** The target, and members of its groups, each on a connection of its own. */
export class GroupBench {
  private constructor(
    readonly target: Target,
    readonly wire: WireCluster,
  ) {}

  static async open(): Promise<GroupBench> {
    const target = await openTarget();
    return new GroupBench(target, await WireCluster.open(target));
  }

  async close(): Promise<void> {
    this.wire.close();
    await this.target.stop();
  }

  async member(groupId: string, groupInstanceId: string | null = null): Promise<GroupMember> {
    return new GroupMember(await this.connect(groupId), groupId, groupInstanceId);
  }

  /** The same member on one more connection. */
  async twin(member: GroupMember): Promise<GroupMember> {
    return member.on(await this.connect(member.groupId));
  }

  /** A stable group of two, each with an assignment; the first leads. */
  async pair(groupId: string, instances: readonly [string | null, string | null] = [null, null]) {
    const leader = await (await this.member(groupId, instances[0])).settle();
    const follower = await this.member(groupId, instances[1]);
    const joining = follower.join();
    await preparing(leader);
    await Promise.all([leader.join(), joining]);
    const assignments = { [leader.memberId]: 'left', [follower.memberId]: 'right' };
    await Promise.all([leader.sync(assignments), follower.sync()]);
    return { leader, follower };
  }

  async describe(groupId: string): Promise<ResponseOf<'DescribeGroups'>['groups'][number]> {
    const coordinator = await this.wire.coordinator(groupId);
    return (await ask(coordinator, 'DescribeGroups', { groups: [groupId] })).groups[0]!;
  }

  private async connect(groupId: string) {
    return this.wire.another(await this.wire.coordinator(groupId));
  }
}

/** Resolves when the group of a member prepares a rebalance. */
export async function preparing(member: GroupMember): Promise<void> {
  await eventually(async () => {
    const answer = await member.heartbeat();
    if (answer !== 'REBALANCE_IN_PROGRESS') throw new Error(`expected a rebalance, the heartbeat answers ${answer}`);
  });
}

/** Protocols in the order of preference, all with one subscription. */
export function protocolsOf(names: readonly string[], topic = 'topic'): Protocols {
  return names.map((name) => ({ name, metadata: subscriptionTo(topic) }));
}

/** Tells whether a request is answered within a moment. */
export async function isAnswered(request: Promise<unknown>, withinMs = 300): Promise<boolean> {
  const timeout = new Promise<false>((resolve) => setTimeout(resolve, withinMs, false));
  return Promise.race([request.then(() => true), timeout]);
}
