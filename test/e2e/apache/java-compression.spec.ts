import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication } from '../../support/application.js';
import { produceByJava, type JavaCompression } from '../../support/java-producer.js';
import { brokers, createTopic, uniqueName, untilCommitted } from '../../support/kafka.js';

describe('records that a Java producer has compressed', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it.each<JavaCompression>(['gzip', 'snappy', 'lz4', 'zstd'])('by %s are read', async (compression) => {
    const topic = await createTopic(uniqueName(compression));
    const group = uniqueName('group');
    const lines = Array.from({ length: 2_000 }, (_, i) =>
      JSON.stringify({ number: i, text: 'again and again '.repeat(9) }),
    );
    const seen: number[] = [];
    class Numbers {
      @MessageHandler(topic)
      handle({ payload }: Message<{ number: number }>): void {
        seen.push(payload.number);
      }
    }
    await produceByJava(brokers(), topic, compression, lines);
    app = await startApplication({ group }, [Numbers]);
    await untilCommitted(group, topic, '2000');

    expect(seen).toEqual(lines.map((_, i) => i));
  });
});
