import type { Attributes } from '@opentelemetry/api';
import { DEFAULT_CONNECTION } from '../kafka.constants.js';
import { attribute, kafka, operation } from './names.js';

const { [attribute.operationName]: processing } = operation.process;
const { [attribute.operationName]: sending } = operation.send;

/**
 * What a connection's metrics are told apart by: as many attributes as the conventions require, for each costs time with
 * every record, and no keys and offsets, of which there is no end.
 */
export class AttributeSets {
  private readonly connection: Attributes;

  constructor(connection: string) {
    this.connection = connection === DEFAULT_CONNECTION ? {} : { [attribute.connection]: connection };
  }

  /** @param errorType of an attempt that has failed */
  attempt(group: string, topic: string, errorType?: string): Attributes {
    return { ...this.place(group, topic), [attribute.operationName]: processing, ...failure(errorType) };
  }

  consumed(group: string, topic: string, partition: number): Attributes {
    return { ...this.partition(group, topic, partition), [attribute.operationName]: processing };
  }

  sent(topic: string, errorType?: string): Attributes {
    const destination = { ...kafka, ...this.connection, [attribute.topic]: topic };
    return { ...destination, [attribute.operationName]: sending, ...failure(errorType) };
  }

  sendDuration(topic: string, errorType?: string): Attributes {
    return { ...this.sent(topic, errorType), ...operation.send };
  }

  commitDuration(group: string, errorType?: string): Attributes {
    return { ...this.group(group, errorType), ...operation.commit };
  }

  group(group: string, errorType?: string): Attributes {
    return { ...kafka, ...this.connection, [attribute.group]: group, ...failure(errorType) };
  }

  place(group: string, topic: string, errorType?: string): Attributes {
    return { ...this.group(group), [attribute.topic]: topic, ...failure(errorType) };
  }

  partition(group: string, topic: string, partition: number): Attributes {
    return { ...this.place(group, topic), [attribute.partition]: String(partition) };
  }
}

function failure(errorType: string | undefined): Attributes {
  return errorType === undefined ? {} : { [attribute.errorType]: errorType };
}
