import type { ArgumentsHost } from '@nestjs/common';

/** The type of context that guards, interceptors and filters of handlers see. */
export const KAFKA_CONTEXT = 'kafka';

/**
 * Whether a guard, an interceptor, a filter or a parameter decorator is called for a message: then
 * `host.getArgs()` are the `Message`, or the array of them of a batch, and the `HandlerContext`.
 *
 * @publicApi
 */
export function isKafkaContext(host: ArgumentsHost): boolean {
  return host.getType<string>() === KAFKA_CONTEXT;
}
