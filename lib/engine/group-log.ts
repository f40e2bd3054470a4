import { partitionName, type PartitionPosition, type TopicPartition } from './client/consumer-client.js';
import { errorFields, placeFields, placesField } from './log-fields.js';
import type { EngineLogger } from './logger.js';

/** One line for each change of a consumer that somebody cares about. */
export class GroupLog {
  constructor(
    private readonly logger: EngineLogger,
    private readonly group: string,
  ) {}

  /** @param isFirst whether it has joined with these */
  assigned(positions: readonly PartitionPosition[], isFirst: boolean): void {
    const what = isFirst ? 'joined; reading' : 'also reading';
    this.logger.log(`Group "${this.group}" ${what} ${describePositions(positions)}`, {
      event: 'assigned',
      group: this.group,
      ...placesField(positions),
    });
  }

  givesUp(partitions: readonly TopicPartition[]): void {
    this.logger.log(`Group "${this.group}" gives up ${partitions.map(partitionName).toSorted().join(', ')}`, {
      event: 'revoked',
      group: this.group,
      ...placesField(partitions),
    });
  }

  sought(position: PartitionPosition): void {
    this.logger.log(`Group "${this.group}" goes on at ${partitionName(position)}@${position.offset}, as asked for`, {
      event: 'seek',
      group: this.group,
      ...placeFields(position),
    });
  }

  /** @param hasLeft whether its place is free for others */
  stopped(hasLeft: boolean, durationMs: number): void {
    const { group } = this;
    const kept = `Stopped, with its place kept in group "${group}" (leaveOnStop)`;
    this.logger.log(hasLeft ? `Left group "${group}"` : kept, {
      event: hasLeft ? 'left' : 'closed',
      group,
      durationMs,
    });
  }

  ended(consequence: 'exit' | 'stop', reason: string, error: unknown): void {
    const what = consequence === 'exit' ? 'Ending the process (onCrash: exit) with' : 'Stopping';
    this.logger.error(`${what} the consumer of group "${this.group}": ${reason}`, undefined, {
      event: 'consumer-ended',
      group: this.group,
      consequence,
      ...errorFields(error),
    });
  }

  broke(partition: TopicPartition, error: Error): void {
    this.logger.error(`Partition ${partitionName(partition)} broke down: ${error.message}`, error.stack, {
      event: 'broke',
      group: this.group,
      ...placeFields(partition),
      ...errorFields(error),
    });
  }

  replaced(reason: string): void {
    this.logger.error(`The client of group "${this.group}" is replaced: ${reason}`, undefined, {
      event: 'client-replaced',
      group: this.group,
    });
  }

  closingFailed({ message }: Error): void {
    this.logger.warn(`Closing the connections of group "${this.group}" failed: ${message}`);
  }
}

function describePositions(positions: readonly PartitionPosition[]): string {
  if (positions.length === 0) return 'nothing, all partitions are with other members';
  return positions
    .map((position) => `${partitionName(position)}@${position.offset}`)
    .toSorted()
    .join(', ');
}
