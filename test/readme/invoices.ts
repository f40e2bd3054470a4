import { Injectable, Module, UseInterceptors } from '@nestjs/common';
import { isKafkaContext, KafkaModule, MessageHandler, type Message } from '@things-kit/nestjs-kafka';
import { ClsInterceptor, ClsModule, ClsService } from 'nestjs-cls';

interface Invoice {
  id: string;
}

@Injectable()
export class InvoiceRepository {
  readonly saved: string[] = [];

  constructor(private readonly cls: ClsService<{ tenant: string; [key: symbol]: unknown }>) {}

  async save(invoice: Invoice): Promise<void> {
    this.saved.push(`${this.cls.get('tenant')}/${invoice.id}`);
  }
}

@Injectable()
@UseInterceptors(ClsInterceptor)
export class InvoiceHandler {
  constructor(private readonly invoices: InvoiceRepository) {}

  @MessageHandler('invoices')
  async created({ payload }: Message<Invoice>): Promise<void> {
    await this.invoices.save(payload);
  }
}

@Module({
  imports: [
    KafkaModule.forRootAsync(),
    ClsModule.forRoot({
      global: true,
      interceptor: {
        setup: (cls, context) => {
          if (isKafkaContext(context)) cls.set('tenant', context.getArgByIndex<Message>(0).headers.tenant);
        },
      },
    }),
  ],
  providers: [InvoiceRepository, InvoiceHandler],
})
export class InvoicesModule {}
