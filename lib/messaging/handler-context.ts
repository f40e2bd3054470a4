/**
 * What a handler may know about the delivery it is part of.
 *
 * @publicApi
 */
export abstract class HandlerContext {
  /** Aborted when the partition is lost and when the shutdown's grace ends. Pass it on to what can be cancelled. */
  abstract readonly signal: AbortSignal;

  /** Which attempt at this message this is within the process, starting at 1. */
  abstract readonly attempt: number;

  /** The consumer group the message was read for. */
  abstract readonly group: string;

  /** The handler's name, `Class.method`. */
  abstract readonly handler: string;
}
