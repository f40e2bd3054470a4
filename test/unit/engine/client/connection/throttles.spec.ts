import { describe, expect, it } from '@jest/globals';
import { Throttles } from '../../../../../lib/engine/client/connection/throttles.js';
import { RepeatedLog } from '../../../../../lib/engine/client/repeated-log.js';
import { eventually } from '../../../../support/eventually.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

describe('Throttles', () => {
  it('are in force until the pause that a broker has asked for last is over', async () => {
    const throttles = new Throttles(new RepeatedLog(new RecordingLogger()));
    throttles.add({ host: 'kafka-1', port: 9092 }, 'Fetch', 60_000);
    throttles.add({ host: 'kafka-2', port: 9092 }, 'Fetch', 60_000);
    throttles.add({ host: 'kafka-2', port: 9092 }, 'Fetch', 30);

    expect(throttles.inForce).toEqual([
      { broker: 'kafka-1:9092', ms: 60_000 },
      { broker: 'kafka-2:9092', ms: 30 },
    ]);
    await eventually(() => expect(throttles.inForce).toEqual([{ broker: 'kafka-1:9092', ms: 60_000 }]));
  });
});
