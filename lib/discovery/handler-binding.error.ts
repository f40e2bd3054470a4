import { MessagingError } from '../messaging/errors.js';

/**
 * Thrown at the start when handlers cannot be bound to their topics; `faults` has a sentence for each.
 *
 * @publicApi
 */
export class HandlerBindingError extends MessagingError {
  constructor(readonly faults: readonly string[]) {
    super(['Message handlers cannot be bound:', ...faults.map((fault) => `  - ${fault}`)].join('\n'));
  }
}
