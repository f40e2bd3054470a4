import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { EngineLogger } from '../engine/logger.js';

/**
 * Nest runs the hooks of a start by falling distance of their modules and those of an end by rising, so this is where a
 * module stands in both. Nest has no public way to say it.
 */
export function setHookDistance(
  modules: ModulesContainer,
  module: Type,
  distance: number,
  logger: Pick<EngineLogger, 'warn'>,
): void {
  const own = [...modules.values()].filter(({ metatype }) => metatype === module);
  for (const reference of own) reference.distance = distance;
  if (own.length > 0 && own.every((reference) => reference.distance === distance)) return;
  logger.warn(
    `This version of Nest does not let ${module.name} choose its place among the lifecycle hooks: other providers may be ` +
      `destroyed while handlers that use them still run`,
  );
}
