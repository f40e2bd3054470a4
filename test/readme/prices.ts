import { Injectable, Module } from '@nestjs/common';
import { KafkaModule, MessageHandler, MessagePayload, Producer, SchemaRegistry } from '@things-kit/nestjs-kafka';

interface Price {
  sku: string;
  cents: number;
}

@Injectable()
export class PriceHandler {
  readonly prices = new Map<string, number>();

  constructor(private readonly producer: Producer) {}

  /** In the schema of the subject `prices-value`. */
  async change(price: Price): Promise<void> {
    await this.producer.publish({ topic: 'prices', key: price.sku, value: price });
  }

  @MessageHandler('prices')
  changed(@MessagePayload() { sku, cents }: Price): void {
    this.prices.set(sku, cents);
  }
}

@Module({
  imports: [
    KafkaModule.forRootAsync({
      useFactory: () => {
        const registry = new SchemaRegistry({ url: process.env.SCHEMA_REGISTRY_URL ?? 'http://localhost:8081' });
        return {
          brokers: (process.env.KAFKA_BROKERS ?? 'localhost:9092').split(','),
          group: 'prices',
          startFromBeginning: true,
          formats: { prices: registry.avro() },
        };
      },
    }),
  ],
  providers: [PriceHandler],
})
export class PricesModule {}
