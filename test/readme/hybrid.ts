import { Controller, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { AppModule } from './app.module.js';

@Controller()
export class QuestionsController {
  /** Answers `ClientKafka.send('price.of', …)`; this decorator is of `@nestjs/microservices`. */
  @MessagePattern('price.of')
  priceOf(@Payload() { sku }: { sku: string }): { sku: string; cents: number } {
    return { sku, cents: 99 };
  }
}

@Module({ imports: [AppModule], controllers: [QuestionsController] })
export class HybridModule {}

export async function bootstrap(): Promise<INestApplication> {
  const app = await NestFactory.create(HybridModule);
  app.connectMicroservice({
    transport: Transport.KAFKA,
    options: {
      client: { brokers: (process.env.KAFKA_BROKERS ?? 'localhost:9092').split(',') },
      consumer: { groupId: 'order-service-questions' }, // Nest appends `-server`
    },
  });
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.startAllMicroservices();
  await app.listen(3000);
  return app;
}
