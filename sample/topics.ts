import { Logger } from '@nestjs/common';
import { Kafka, logLevel } from 'kafkajs';
import { ORDERS_CREATED, ORDERS_PAID, ORDERS_UPDATED, PAYMENTS_PROCESSED } from './orders/order.events.js';

const PARTITIONS = 3;

/** Creates the topics that are not there yet. The module creates only what recovery needs beside them: how topics are cut is an operator's decision. */
export async function createTopics(brokers: string[]): Promise<void> {
  const topics = [ORDERS_CREATED, ORDERS_UPDATED, ORDERS_PAID, PAYMENTS_PROCESSED];
  const admin = new Kafka({ clientId: 'order-service-setup', brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !existing.has(topic));
    await admin.createTopics({ topics: missing.map((topic) => ({ topic, numPartitions: PARTITIONS })) });
    new Logger('Topics').log(missing.length > 0 ? `Created ${missing.join(', ')}` : 'All there already');
  } finally {
    await admin.disconnect();
  }
}
