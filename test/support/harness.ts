import type { INestApplicationContext, ModuleMetadata, Provider } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { KafkaModule, type KafkaOptions } from '@things-kit/nestjs-kafka';
import { HandlerHarness } from '@things-kit/nestjs-kafka/testing';
import { LogRecorder } from './application.js';

let app: INestApplicationContext | undefined;

/** The handlers of an application without a broker. To be closed by {@link closeHarness}. */
export async function harnessOf(
  providers: Provider[],
  options: Partial<KafkaOptions> = {},
  { imports = [], ...metadata }: ModuleMetadata = {},
  override: (testing: TestingModuleBuilder) => TestingModuleBuilder = (testing) => testing,
): Promise<HandlerHarness> {
  const connection = { brokers: ['127.0.0.1:1'], group: 'billing', autoStart: false };
  const builder = Test.createTestingModule({
    ...metadata,
    imports: [KafkaModule.forRoot({ ...connection, ...options }), ...imports],
    providers,
  });
  const testing = await override(builder).setLogger(new LogRecorder()).compile();
  app = await testing.init();
  return HandlerHarness.of(app);
}

export async function closeHarness(): Promise<void> {
  await app?.close();
  app = undefined;
}
