import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { KAFKA_CONNECTION } from '../kafka.constants.js';
import { MessagingError } from '../messaging/errors.js';

type ModuleReference = NonNullable<ReturnType<ModulesContainer['get']>>;

/**
 * Two connections of one name would each run every handler.
 *
 * @throws MessagingError that names the modules that import them
 */
export function refuseSecondConnection(name: string, kafkaModule: Type, modules: ModulesContainer): void {
  const all = [...modules.values()];
  const sameName = all
    .filter(({ metatype }) => metatype === kafkaModule)
    .filter((reference) => nameOf(reference) === name);
  if (sameName.length < 2) return;
  const importers = all.filter(({ imports }) => sameName.some((reference) => imports.has(reference)));
  throw new MessagingError(
    `The Kafka connection "${name}" is made ${sameName.length} times, in ${importers.map(({ name }) => name).join(' and ')}. ` +
      `Call KafkaModule.forRoot or forRootAsync once for it (isGlobal: true makes it reach every module), ` +
      `or give the other one a name of its own`,
  );
}

function nameOf({ imports }: ModuleReference): unknown {
  const connection = [...imports].find(({ providers }) => providers.has(KAFKA_CONNECTION));
  return connection?.providers.get(KAFKA_CONNECTION)?.instance;
}
