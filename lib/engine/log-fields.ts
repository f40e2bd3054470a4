import { describeThrown } from './describe-thrown.js';
import type { LogFields, LoggedPlace } from './logger.js';

/** What was thrown. */
export function errorFields(error: unknown): Pick<LogFields, 'error' | 'errorClass'> {
  const { text, name } = describeThrown(error);
  return { error: text, errorClass: name };
}

/** A partition, or a place in it; nothing else that the value may have. */
export function placeFields({ topic, partition, offset }: Place): LoggedPlace {
  return offset === undefined ? { topic, partition } : { topic, partition, offset: String(offset) };
}

interface Place {
  topic: string;
  partition: number;
  offset?: number | string;
}

export function placesField(places: readonly Place[]): Pick<LogFields, 'partitions'> {
  return { partitions: places.map(placeFields) };
}
