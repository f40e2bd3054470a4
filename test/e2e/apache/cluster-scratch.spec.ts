import { afterAll, beforeAll, it } from '@jest/globals';
import { appendFileSync } from 'node:fs';
import { Load, TestCluster, TestGroup } from '../../support/apache-cluster.js';
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster.stop());
const out = (x: unknown) => appendFileSync('/tmp/scratch/idle.txt', JSON.stringify(x) + '\n');
const parts = (p: string) => p.slice(0, p.indexOf('@'));
function measure(
  from: { receivedAt: Map<string, number> }[],
  to: { receivedAt: Map<string, number> },
  names: string[],
) {
  return names
    .map((name) => {
      const times = (m: { receivedAt: Map<string, number> }) =>
        [...m.receivedAt].filter(([p]) => parts(p) === name).map(([, t]) => t);
      const first = Math.min(...times(to));
      const last = Math.max(...from.flatMap(times).filter((t) => t <= first));
      return first - last;
    })
    .sort((a, b) => a - b);
}
it.each([200, 200, 200, 3000, 3000])('idle heartbeat %d', async (heartbeatIntervalMs) => {
  const topic = await cluster.createTopic();
  const load = new Load(cluster.brokers, topic);
  const group = new TestGroup(cluster.brokers, topic, { heartbeatIntervalMs });
  const a = group.start();
  await a.owns(12);
  const t0 = Date.now();
  const c0 = load.acknowledged.size;
  await load.goesOn(1200);
  const rate = (load.acknowledged.size - c0) / (Date.now() - t0);
  // steady state largest gap
  const steady = Math.max(
    ...['0', '5'].flatMap((n) => {
      const ts = [...a.receivedAt]
        .filter(([p]) => p.startsWith(`${topic}-${n}@`))
        .map(([, t]) => t)
        .slice(20);
      return ts.slice(1).map((t, i) => t - ts[i]!);
    }),
  );
  const b = group.start();
  const began = Date.now();
  await group.shares(6, 6);
  const joined = Date.now() - began;
  await load.goesOn(600);
  const join = measure([a], b, b.partitions);
  const c = group.start();
  await group.shares(4, 4, 4);
  await load.goesOn(600);
  const join3 = measure([a, b], c, c.partitions);
  const gone = c.partitions;
  await group.stop(c);
  const leaveBegan = Date.now();
  await group.shares(6, 6);
  const left = Date.now() - leaveBegan;
  await load.goesOn(600);
  const receivers = [a, b].map((m) => ({ m, names: gone.filter((n) => m.owned.has(n)) }));
  const leave = receivers
    .flatMap(({ m, names }) =>
      names.map((name) => {
        const last = Math.max(...[...c.receivedAt].filter(([p]) => parts(p) === name).map(([, t]) => t));
        const first = Math.min(
          ...[...m.receivedAt].filter(([p, t]) => parts(p) === name && t >= last).map(([, t]) => t),
        );
        return first - last;
      }),
    )
    .sort((x, y) => x - y);
  await load.stop();
  out({ heartbeatIntervalMs, rate, steady, joined, join, join3, left, leave, dup: group.duplicates.length });
  await group.close();
});
