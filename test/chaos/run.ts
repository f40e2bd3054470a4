import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '../benchmark/common/topics.js';
import { findRealBroker } from '../../lib/testing/index.js';
import { progressOf, TestCluster } from '../support/apache-cluster.js';
import { eventually } from '../support/eventually.js';
import { useBrokers } from '../support/kafka.js';
import { accountFor, type Account } from './ledger.js';
import { Load } from './load.js';
import { committedValues } from '../support/committed-values.js';
import { Proxy } from './proxy.js';
import { scenarios, sessionTimeoutMs, type Scenario } from './scenarios.js';
import { Workers } from './workers.js';

/**
 * Whether nothing is lost, handled twice or out of order while processes, brokers and connections fail, on three brokers of
 * Apache Kafka: `npm run test:chaos`; `-- --short` for a quarter of the time; `-- killed suspended` for the scenarios whose
 * names have these words. Ends with 1 when a promise is broken. The long form writes `results.md`.
 */
const partitions = 12;
const seed = 20_260_101;
const longestStallMs = sessionTimeoutMs + 10_000;
const patienceMs = 60_000;
const results = new URL('results.md', import.meta.url);

const isShort = process.argv.includes('--short');
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const isChosen = ({ name, isLong }: Scenario): boolean =>
  words.length === 0 ? !(isShort && isLong) : words.some((word) => name.includes(word));
const chosen = scenarios.filter(isChosen);

interface Line extends Account {
  name: string;
  seconds: number;
  broken: string[];

  /** Committed results, one for each record if all is well; of a scenario in transactions. */
  results?: number;
}

const { kind, reason } = await findRealBroker();
if (kind === 'apache' || kind === 'docker') await main();
else console.log(`0 passed, 0 failed: chaos needs Apache Kafka on this machine's JVM. ${reason ?? ''}`);

async function main(): Promise<void> {
  const cluster = await TestCluster.start();
  useBrokers(cluster.brokers);
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const lines: Line[] = [];
  try {
    for (const scenario of chosen) {
      const line = await play(scenario, cluster, folder);
      lines.push(line);
      console.log(`${line.broken.length === 0 ? 'kept' : `BROKEN (${line.broken.join('; ')})`}: ${describe(line)}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    await cluster.stop();
  }
  const failed = lines.filter(({ broken }) => broken.length > 0).length;
  console.log(`\n${table(lines)}\n\n${lines.length - failed} passed, ${failed} failed`);
  if (!isShort && words.length === 0) await writeFile(results, `${preface()}\n\n${table(lines)}\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function play(scenario: Scenario, cluster: TestCluster, root: string): Promise<Line> {
  const startedAt = performance.now();
  const topic = await cluster.createTopic(partitions);
  const folder = await mkdtemp(join(root, 'scenario-'));
  const proxies = scenario.isProxied ? await Promise.all(cluster.nodes.map(({ port }) => Proxy.before(port))) : [];
  const detours = Object.fromEntries(proxies.map((proxy, at) => [cluster.nodes[at]!.port, proxy.port]));
  const group = `group-of-${topic}`;
  const options = {
    brokers: cluster.brokers,
    group,
    startFromBeginning: true,
    processingOrder: 'key',
    sessionTimeoutMs,
    heartbeatIntervalMs: 500,
    ...scenario.options,
  } as const;
  const results = scenario.isTransactional ? await cluster.createTopic(partitions) : undefined;
  const job = { topic, options, handlers: { most: 20, ...scenario.handlers }, detours };
  const workers = new Workers(folder, results === undefined ? job : { ...job, results });
  for (let number = 0; number < scenario.workers; number++) await workers.start(scenario.worker?.(number));
  const load = new Load(cluster.brokers, topic, { keys: 200, rate: 400, seed, ...scenario.load });
  const end = performance.now() + (isShort ? scenario.ms / 4 : scenario.ms);
  const goesOn = (): boolean => performance.now() < end;
  await scenario.trouble({ cluster, topic, workers, proxies, goesOn, random: randomFrom(seed) });
  await load.stop();
  const ends = await untilAllCommitted(group, topic, cluster.brokers);
  await workers.stopAll();
  proxies.forEach((proxy) => proxy.close());
  const account = accountFor(ends.records, await workers.events(), workers.interruptions);
  const broken = [...ends.broken, ...brokenPromises(account)];
  const line: Line = { name: scenario.name, seconds: 0, broken, ...account };
  if (results !== undefined) await addResults(line, results, ends.records, cluster.brokers);
  if (line.broken.length > 0) await explain(workers, account);
  return { ...line, seconds: (performance.now() - startedAt) / 1000 };
}

/** A failed transaction has its records handled again: it is the results that count. */
async function addResults(
  line: Line,
  topic: string,
  ends: readonly number[],
  brokers: readonly string[],
): Promise<void> {
  const values = await committedValues(brokers, topic);
  const found = new Set(values);
  const missing = ends.flatMap((end, partition) =>
    Array.from({ length: end }, (_, offset) => `${partition}@${offset}`).filter((place) => !found.has(place)),
  );
  line.results = values.length;
  line.repeated += line.duplicated.length;
  line.duplicated = values.filter((value, at) => values.indexOf(value) < at);
  line.broken = [...line.broken.filter((text) => !text.includes(' duplicated: ')), ...brokenResults(line, missing)];
}

function brokenResults({ duplicated }: Line, missing: readonly string[]): string[] {
  return [
    ...(missing.length > 0 ? [`${missing.length} results missing: ${missing.slice(0, 5).join(', ')}`] : []),
    ...(duplicated.length > 0 ? [`${duplicated.length} results twice: ${duplicated.slice(0, 5).join(', ')}`] : []),
  ];
}

/** What is known of the places where a promise was broken. */
async function explain(workers: Workers, { duplicated, outOfOrder }: Account): Promise<void> {
  const places = [...duplicated, ...outOfOrder.flatMap((text) => text.split(' before '))].slice(0, 4);
  const events = await workers.events();
  for (const event of events) {
    if (places.includes(`${event.partition}@${event.offset}`)) console.log(JSON.stringify(event));
  }
  console.log(JSON.stringify(workers.interruptions));
  console.log(workers.output);
}

/** All that was written is committed, in time. */
async function untilAllCommitted(group: string, topic: string, brokers: readonly string[]) {
  let progress = await progressOf(group, topic, brokers);
  const isDone = async (): Promise<boolean> => {
    progress = await progressOf(group, topic, brokers);
    return Object.entries(progress.records).every(([partition, end]) => progress.committed[Number(partition)] === end);
  };
  const broken: string[] = [];
  await eventually(isDone, { timeoutMs: patienceMs, intervalMs: 250 }).catch(() => {
    broken.push(`not all committed: ${JSON.stringify(progress)}`);
  });
  const records = Array.from({ length: partitions }, (_, partition) => Number(progress.records[partition] ?? 0));
  return { records, broken };
}

function brokenPromises({ lost, duplicated, outOfOrder, longestStallMs: stallMs }: Account): string[] {
  const some = (what: string, places: readonly string[]): string[] =>
    places.length > 0 ? [`${places.length} ${what}: ${places.slice(0, 5).join(', ')}`] : [];
  return [
    ...some('lost', lost),
    ...some('duplicated', duplicated),
    ...some('out of order', outOfOrder),
    ...(stallMs > longestStallMs ? [`stalled for ${Math.round(stallMs)} ms`] : []),
  ];
}

function describe({ name, seconds, records, results, repeated, longestStallMs: stallMs }: Line): string {
  const stored = results === undefined ? '' : `, ${results} results`;
  return `${name}: ${records} records${stored}, ${repeated} repeated, longest stall ${Math.round(stallMs)} ms, ${seconds.toFixed(0)} s`;
}

function table(lines: readonly Line[]): string {
  const rows = lines.map(({ name, records, lost, duplicated, repeated, outOfOrder, longestStallMs: stallMs }) =>
    [name, records, lost.length, duplicated.length, repeated, outOfOrder.length, Math.round(stallMs)].join(' | '),
  );
  const head = 'scenario | records | lost | duplicated | repeated | out of order | longest stall, ms';
  return [head, head.replace(/[^|]+/g, ' --- '), ...rows].map((row) => `| ${row.trim()} |`).join('\n');
}

function preface(): string {
  return `# What was kept while things failed

Generated by \`npm run test:chaos\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.version}, three brokers of Apache Kafka on the JVM, \
${availableParallelism()} cores for all of it, seed ${seed}, session timeout ${sessionTimeoutMs} ms, ${partitions} partitions, order by key.

*Lost*: never handled to the end. *Duplicated*: handled again, though it had been handled to the end and nothing that happened to its process \
explains it; in transactions, with more than one committed result, which counts there: handlers are called again when a transaction fails. *Repeated*: handled again because its process was killed or suspended before it could commit, or because a rebalance had to abort its handler (those of 10 s: \
a rebalance waits 3 s with this session timeout). *Out of order*: begun before a lower record of its \
key had been handled to the end. *Longest stall*: of a partition with records to handle, none of which began or ended.`;
}
