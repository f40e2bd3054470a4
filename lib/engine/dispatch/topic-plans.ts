import type { HandlerBinding, TopicRoutes } from '../handler-binding.js';
import type { EngineLogger } from '../logger.js';
import { delayMs, parseRetryTopic } from '../recovery/recovery-topics.js';
import { ConcurrencyGate, RateGate, type Gate } from './gate.js';
import { planTopic, type TopicPlan } from './topic-plan.js';

/** The plan of each topic, made when it is first asked for; the limits of a handler hold across its topics. */
export class TopicPlans {
  private readonly plans = new Map<string, TopicPlan>();
  private readonly gates = new Map<HandlerBinding, readonly Gate[]>();

  constructor(
    private readonly routes: TopicRoutes,
    private readonly group: string,
    private readonly logger: EngineLogger,
  ) {}

  of(topic: string): TopicPlan {
    const plan = this.plans.get(topic) ?? this.make(topic);
    this.plans.set(topic, plan);
    return plan;
  }

  private make(topic: string): TopicPlan {
    const { handlers, delayMs } = this.route(topic);
    if (handlers.length === 0)
      this.logger.warn(`No handler takes topic "${topic}": its records are skipped`, {
        event: 'topic-unhandled',
        group: this.group,
        topic,
      });
    if (handlers.length > 1 && handlers.some(({ batch }) => batch)) this.warnOfBatches(topic, handlers);
    const plan = planTopic(
      handlers,
      handlers.flatMap((handler) => this.gatesOf(handler)),
      delayMs,
    );
    if (handlers.some(({ order, lane }) => order !== plan.order || lane !== handlers[0]!.lane)) {
      const orders = handlers.map(
        ({ name, order, lane }) => `${name} (${order}${lane ? ', with a lane of its own' : ''})`,
      );
      this.logger.warn(
        `The handlers of topic "${topic}" ask for different processing orders: ${orders.join(', ')}; "${plan.order}" holds for all`,
      );
    }
    return plan;
  }

  private warnOfBatches(topic: string, handlers: readonly HandlerBinding[]): void {
    const names = handlers.map(({ name }) => name).join(', ');
    this.logger.warn(
      `Topic "${topic}" has several handlers (${names}): its messages are handled one by one, without batches`,
    );
  }

  /** The handlers that the topic is bound to, or that send what fails to it, if it is one of the group's retry topics. */
  private route(topic: string): Pick<TopicPlan, 'handlers' | 'delayMs'> {
    const handlers = this.routes(topic);
    const retried = parseRetryTopic(topic, this.group);
    if (handlers.length > 0 || !retried) return { handlers };
    const senders = this.routes(retried.topic).filter(({ retryTopics }) => retryTopics.includes(retried.delay));
    return { handlers: senders, delayMs: delayMs(retried.delay) };
  }

  private gatesOf(handler: HandlerBinding): readonly Gate[] {
    const gates = this.gates.get(handler) ?? this.makeGates(handler);
    this.gates.set(handler, gates);
    return gates;
  }

  private makeGates({ concurrency, rateLimit }: HandlerBinding): Gate[] {
    const gates: Gate[] = [];
    if (concurrency !== undefined) gates.push(new ConcurrencyGate(concurrency));
    if (rateLimit !== undefined) gates.push(new RateGate(rateLimit));
    return gates;
  }
}
