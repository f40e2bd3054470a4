import { TopicReader } from '../../lib/engine/client/topic-reader.js';
import { withDefaults } from '../../lib/config/kafka-defaults.js';
import { connectionSettings } from '../../lib/connection/client-settings.js';

const silent = { debug: () => {}, log: () => {}, warn: () => {}, error: () => {} };

/**
 * The values of all records of a topic that are committed. kafkajs's own consumer shows results of aborted transactions, too, where several
 * were aborted at the same time: it takes the broker's list of them to be in the order of their beginnings.
 */
export async function committedValues(brokers: readonly string[], topic: string): Promise<string[]> {
  const settings = withDefaults({ brokers: [...brokers] });
  const reader = new TopicReader(connectionSettings(settings), { ...settings, rackId: undefined }, silent);
  const values: string[] = [];
  try {
    for (const range of await reader.ranges(topic)) {
      for await (const { records } of reader.read(topic, range, new AbortController().signal))
        values.push(...records.map(({ value }) => String(value)));
    }
  } finally {
    await reader.close();
  }
  return values;
}
