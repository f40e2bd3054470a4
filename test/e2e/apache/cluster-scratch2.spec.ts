import { afterAll, beforeAll, it } from '@jest/globals';
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { TestCluster, TestGroup } from '../../support/apache-cluster.js';
import { client } from '../../support/kafka.js';
let cluster: TestCluster;
beforeAll(async () => { cluster = await TestCluster.start(); });
afterAll(() => cluster.stop());
const out = (x: unknown) => appendFileSync('/tmp/scratch/steady.txt', JSON.stringify(x) + '\n');
it.each([1, 2, 3])('steady %d', async () => {
  const topic = await cluster.createTopic();
  const group = new TestGroup(cluster.brokers, topic);
  const a = group.start();
  await a.owns(12);
  const producer = client(cluster.brokers).producer({ idempotent: true });
  await producer.connect();
  const acked = new Map<string, number>();
  const sent = new Map<string, number>();
  let maxRound = 0;
  const end = Date.now() + 10000;
  let rounds = 0;
  let lagMax = 0; let lastTick = Date.now();
  const ticker = setInterval(() => { lagMax = Math.max(lagMax, Date.now() - lastTick - 10); lastTick = Date.now(); }, 10);
  while (Date.now() < end) {
    const t = Date.now();
    const r = await producer.send({ topic, acks: -1, messages: Array.from({ length: 12 }, (_, partition) => ({ partition, value: 'x' })) });
    const now = Date.now();
    maxRound = Math.max(maxRound, now - t);
    for (const { partition, baseOffset } of r) { acked.set(`${topic}-${partition}@${baseOffset}`, now); sent.set(`${topic}-${partition}@${baseOffset}`, t); }
    rounds++;
    await delay(5);
  }
  await group.receives(acked.keys());
  clearInterval(ticker);
  const late = [...acked].map(([p, t]) => ({ p: p.slice(topic.length + 1), ms: a.receivedAt.get(p)! - t, at: t - (end - 10000) })).sort((x, y) => y.ms - x.ms);
  out({ rounds, maxRound, lagMax, worst: late.slice(0, 5), p99: late[Math.floor(late.length / 100)]!.ms, p50: late[Math.floor(late.length / 2)]!.ms });
  await producer.disconnect();
  await group.close();
});
