import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';
import type { Backoff } from './recovery/backoff.js';

/** A handler as the engine runs it. */
export interface HandlerBinding {
  /** `Class.method`, for logs and `HandlerContext.handler`. */
  readonly name: string;
  readonly retry: Backoff & { maxAttempts: number };

  /** What becomes of a message whose attempts are used up or pointless. */
  readonly onExhausted: 'retry' | 'skip' | 'stop';
  handle(message: Message, context: HandlerContext): unknown;
}

/** The handlers of a topic; none for a topic that is subscribed without one. */
export type TopicRoutes = (topic: string) => readonly HandlerBinding[];
