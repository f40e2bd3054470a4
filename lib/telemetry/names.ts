/** Attributes by the semantic conventions of OpenTelemetry for messaging, 1.44. */
export const attribute = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  topic: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  errorType: 'error.type',
  batchSize: 'messaging.batch.message_count',
  offset: 'messaging.kafka.offset',
  key: 'messaging.kafka.message.key',
  tombstone: 'messaging.kafka.message.tombstone',

  /** Ours: of connections that have a name. */
  connection: 'kafka.connection',

  /** Ours: `lane` or `topic`, where a message waits for its next attempt. */
  retryKind: 'kafka.consumer.retry.kind',

  /** Ours: `application`, `backpressure` or `not-due`, see `PartitionStatus.pausedFor`. */
  pauseReason: 'kafka.consumer.pause.reason',

  /** Ours: `assigned`, `revoked` or `lost`. */
  rebalanceChange: 'kafka.consumer.rebalance.change',
} as const;

export const kafka = { [attribute.system]: 'kafka' } as const;

/** The operations of a client, by name, with what the conventions call their type. */
export const operation = {
  process: { [attribute.operationName]: 'process', [attribute.operationType]: 'process' },
  send: { [attribute.operationName]: 'send', [attribute.operationType]: 'send' },
  create: { [attribute.operationName]: 'create', [attribute.operationType]: 'create' },
  commit: { [attribute.operationName]: 'commit', [attribute.operationType]: 'settle' },
} as const;
