import { setTimeout as sleep } from 'node:timers/promises';
import { type Call } from '../handlers/handler.js';
import { type ApiName, type RequestOf, type ResponseOf } from '../protocol/apis.js';
import { type KafkaErrorName, Refusal } from '../protocol/errors.js';
import { refuse } from '../protocol/refusal.js';
import { type Fault, type FaultFilter } from './fault-options.js';
import { newId } from '../groups/members.js';
import { concerns, join, split } from './split.js';

/** What a fault does to the requests it hits. */
export type Effect =
  | { kind: 'fail'; error: KafkaErrorName }
  | { kind: 'delay'; ms: number }
  | { kind: 'throttle'; ms: number; mute: boolean }
  | { kind: 'disconnect' };

type EffectOf<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

type Handle<A extends ApiName> = (request: RequestOf<A>) => Promise<ResponseOf<A> | undefined>;

/** One fault that was set up. */
export class FaultRule implements Fault {
  hits = 0;
  private readonly times: number;
  private cancelled = false;

  constructor(
    readonly api: ApiName,
    readonly effect: Effect,
    readonly filter: FaultFilter,
    readonly when: 'before' | 'after',
  ) {
    this.times = filter.times ?? 1;
  }

  get active(): boolean {
    return !this.cancelled && this.hits < this.times;
  }

  cancel(): void {
    this.cancelled = true;
  }

  matches(api: ApiName, request: object, { node, clientId }: Call): boolean {
    const { broker = node.id, clientId: wanted = clientId } = this.filter;
    const addressed = this.active && this.api === api && broker === node.id && wanted === clientId;
    return addressed && concerns(request, this.filter) && split(request, this.filter).hit !== undefined;
  }
}

/** The faults that are set up, and what they make of a request: of each kind the oldest one that matches. */
export class FaultRules {
  private rules: FaultRule[] = [];

  add(rule: FaultRule): FaultRule {
    this.rules.push(rule);
    return rule;
  }

  clear(): void {
    for (const rule of this.rules) rule.cancel();
    this.rules = [];
  }

  /** Handles a request as far as the faults let it. Undefined: there is no answer. */
  async apply<A extends ApiName>(
    api: A,
    request: RequestOf<A>,
    call: Call,
    handle: Handle<A>,
  ): Promise<ResponseOf<A> | undefined> {
    if (this.rules.length === 0) return handle(request);
    const [delay, cut, failure, throttle] = (['delay', 'disconnect', 'fail', 'throttle'] as const).map((kind) =>
      this.take(kind, api, request, call),
    );
    if (delay?.when === 'before') await hold(delay, call);
    if (cut?.when !== 'before') {
      const answer = failure ? await fail(failure, api, request, call, handle) : await handle(request);
      if (delay?.when === 'after') await hold(delay, call);
      if (!cut) return throttle && answer ? throttled(answer, throttle, call) : answer;
    }
    call.close();
    return undefined;
  }

  private take(kind: Effect['kind'], api: ApiName, request: object, call: Call): FaultRule | undefined {
    const rule = this.rules.find((one) => one.effect.kind === kind && one.matches(api, request, call));
    if (rule) rule.hits++;
    this.rules = this.rules.filter(({ active }) => active);
    return rule;
  }
}

async function fail<A extends ApiName>(
  { effect, filter, when }: FaultRule,
  api: A,
  request: RequestOf<A>,
  { clientId }: Call,
  handle: Handle<A>,
) {
  const { hit = request, rest } = split(request, filter);
  const { error } = effect as EffectOf<'fail'>;
  // A new id goes with this error (KIP-394). This one was given to nobody: to join with it is to be unknown.
  const fields = error === 'MEMBER_ID_REQUIRED' && isFirstJoin(api, request) ? { memberId: newId(clientId) } : {};
  const refusal = new Refusal(error, 'a fault that was set up', fields);
  const served = when === 'after' ? await handle(request) : rest && (await handle(rest));
  const byItem = filter.topic !== undefined || filter.partition !== undefined;
  const refused = refuse(api, hit, refusal, byItem ? 'items' : undefined);
  if (!rest || !served) return refused;
  return join(refused, when === 'after' ? withoutHit(served, filter) : served);
}

function isFirstJoin(api: ApiName, request: object): boolean {
  return api === 'JoinGroup' && (request as RequestOf<'JoinGroup'>).memberId === '';
}

function throttled<A extends object>(answer: A, { effect }: FaultRule, call: Call): A {
  const { ms, mute } = effect as EffectOf<'throttle'>;
  if (mute) call.mute(ms);
  return { ...answer, throttleTimeMs: ms };
}

/** The answers to what the fault does not concern. */
function withoutHit<A extends object>(answer: A, filter: FaultFilter): A {
  return split(answer, filter).rest ?? { ...answer, topics: [] };
}

async function hold({ effect }: FaultRule, { signal }: Call): Promise<void> {
  const { ms } = effect as EffectOf<'delay'>;
  await sleep(ms, undefined, { signal, ref: false }).catch((error: unknown) => {
    // The connection is gone: nobody waits for the answer any more.
    if (!signal.aborted) throw error;
  });
}
