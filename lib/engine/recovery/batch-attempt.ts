import { AcknowledgementError } from '../../messaging/errors.js';
import type { Message } from '../../messaging/message.js';
import type { BatchBinding, HandlerBinding } from '../handler-binding.js';
import { Attempt, type AttemptScope } from './attempt.js';

/** One call of a handler with a batch. */
export class BatchAttempt extends Attempt {
  constructor(
    private readonly batchBinding: HandlerBinding & { readonly batch: BatchBinding },
    private readonly messages: readonly Message[],
    attempt: number,
    scope: AttemptScope,
  ) {
    super(batchBinding, messages[0]!, attempt, scope);
  }

  /** Why a handler of batches cannot commit. */
  static uncommittable(handler: string): AcknowledgementError {
    return new AcknowledgementError(`${handler}: a batch is committed once its handler has returned`);
  }

  override commit(): Promise<void> {
    return Promise.reject(BatchAttempt.uncommittable(this.handler));
  }

  protected override invoke(): unknown {
    return this.batchBinding.batch.handle([...this.messages], this);
  }

  protected override get placeAlone(): string {
    const { topic, partition, offset } = this.messages[0]!;
    return `${topic}-${partition}@${offset} to ${this.messages.at(-1)!.offset}`;
  }
}
