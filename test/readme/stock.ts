import { Injectable, Module } from '@nestjs/common';
import { BatchError, BatchHandler, KafkaModule, type Message } from '@things-kit/nestjs-kafka';

interface StockLevel {
  sku: string;
  pieces: number;
}

@Injectable()
export class StockRepository {
  readonly levels = new Map<string, number>();

  /** In one statement; @returns the indexes of those that were refused. */
  async saveAll(levels: StockLevel[]): Promise<number[]> {
    return levels.flatMap(({ sku, pieces }, index) => {
      if (pieces < 0) return [index];
      this.levels.set(sku, pieces);
      return [];
    });
  }
}

@Injectable()
export class StockHandler {
  constructor(private readonly stock: StockRepository) {}

  @BatchHandler('stock.levels', { maxSize: 500, maxWaitMs: 200, retry: { maxAttempts: 2 }, deadLetter: true })
  async update(messages: Message<StockLevel>[]): Promise<void> {
    const refused = await this.stock.saveAll(messages.map(({ payload }) => payload));
    const error = new Error('less than nothing is in stock');
    if (refused.length > 0) throw new BatchError(refused.map((index) => ({ message: messages[index]!, error })));
  }
}

@Module({ imports: [KafkaModule.forRootAsync()], providers: [StockRepository, StockHandler] })
export class StockModule {}
