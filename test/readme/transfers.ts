import { Injectable, Module } from '@nestjs/common';
import { HandlerContext, KafkaModule, MessageContext, MessageHandler, MessagePayload } from '@things-kit/nestjs-kafka';

interface Transfer {
  from: string;
  to: string;
  amount: number;
}

@Injectable()
export class TransferHandler {
  @MessageHandler('transfers', { transactional: true })
  async book(
    @MessagePayload() { from, to, amount }: Transfer,
    @MessageContext() context: HandlerContext,
  ): Promise<void> {
    await context.publish({ topic: 'bookings', key: from, value: { account: from, amount: -amount } });
    await context.publish({ topic: 'bookings', key: to, value: { account: to, amount } });
  }
}

@Module({ imports: [KafkaModule.forRootAsync()], providers: [TransferHandler] })
export class TransfersModule {}
