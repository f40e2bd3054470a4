import { Module, type DynamicModule } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { getKafkaProducerToken } from '../../../lib/kafka.constants.js';
import { KafkaModule } from '../../../lib/kafka.module.js';
import { MessagingError } from '../../../lib/messaging/errors.js';
import { Producer } from '../../../lib/messaging/producer.js';

const connection = (name?: string): DynamicModule => KafkaModule.forRoot({ brokers: ['localhost:9092'], name });

describe('A second connection of one name', () => {
  let module: TestingModule | undefined;

  afterEach(async () => {
    await module?.close();
    module = undefined;
  });

  const compile = async (...imports: NonNullable<DynamicModule['imports']>) => {
    module = await Test.createTestingModule({ imports }).compile();
    return module;
  };

  it('is refused by an error that names both importers', async () => {
    @Module({ imports: [connection()] })
    class OrdersModule {}
    @Module({ imports: [connection()] })
    class PaymentsModule {}

    const error = await compile(OrdersModule, PaymentsModule).then(
      () => undefined,
      (thrown: Error) => thrown,
    );

    expect(error).toBeInstanceOf(MessagingError);
    expect(error?.message).toBe(
      'The Kafka connection "default" is made 2 times, in OrdersModule and PaymentsModule. Call KafkaModule.forRoot or ' +
        'forRootAsync once for it (isGlobal: true makes it reach every module), or give the other one a name of its own',
    );
  });

  it('is refused however it is configured', async () => {
    @Module({
      imports: [KafkaModule.forRootAsync({ name: 'audit', useFactory: () => ({ brokers: ['localhost:9092'] }) })],
    })
    class OrdersModule {}
    @Module({ imports: [connection('audit')] })
    class PaymentsModule {}

    await expect(compile(OrdersModule, PaymentsModule)).rejects.toThrow(
      'The Kafka connection "audit" is made 2 times, in OrdersModule and PaymentsModule',
    );
  });

  it('is refused when one module makes both', async () => {
    @Module({ imports: [connection(), connection()] })
    class OrdersModule {}

    await expect(compile(OrdersModule)).rejects.toThrow('"default" is made 2 times, in OrdersModule.');
  });

  it('is no matter when the names differ', async () => {
    const application = await compile(connection(), connection('audit'));
    const producer = application.get(Producer, { strict: false });
    const auditProducer: unknown = application.get(getKafkaProducerToken('audit'), { strict: false });

    expect(auditProducer).toBeInstanceOf(Producer);
    expect(auditProducer).not.toBe(producer);
  });

  it('is no matter when two modules import the same one', async () => {
    const shared = connection();
    @Module({ imports: [shared] })
    class OrdersModule {}
    @Module({ imports: [shared] })
    class PaymentsModule {}

    await compile(OrdersModule, PaymentsModule);
  });
});
