import { drawBars, type Bar, type Panel } from '../common/bar-chart.js';
import { medianOf, type Row } from '../common/report.js';

const us = '@things-kit/nestjs-kafka';

interface Figure {
  title: string;

  /** What was measured, for the README. */
  what: string;

  /** The label of our bar. */
  ours?: string;

  /** The lines of the results, by how they begin and end, and the label of what is measured against in each. */
  rows: readonly (readonly [line: string, against: string])[];

  /** Not in the chart. */
  tableOnly?: true;
}

const noop = 'no-op handler, against';
const fiveMs = '5 ms handler, 1000 keys, 256 in flight, against';
const publishing = '500 publish calls at a time, against';

/** What tells a newcomer most, for better or worse. */
const figures: readonly Figure[] = [
  {
    title: 'Handler that does nothing, records / s (more is better)',
    what: 'handler that does nothing',
    rows: [
      [`${noop} kafkajs eachBatch`, 'kafkajs eachBatch'],
      [`${noop} kafkajs eachMessage`, 'kafkajs eachMessage'],
      [`${noop} @nestjs/microservices`, '@nestjs/microservices'],
    ],
  },
  {
    title: 'Handler that takes 5 ms, records / s (more is better)',
    what: "handler that takes 5 ms, order `'key'`, 256 in flight",
    ours: `${us}, by key`,
    rows: [
      [`${fiveMs} @nestjs/microservices, 4 partitions at a time`, '@nestjs/microservices, 4 partitions'],
      [`${fiveMs} the ideal`, 'the ideal: 256 / 5 ms'],
    ],
  },
  {
    title: 'Producer to handler at 1,000 records / s, median in ms (less is better)',
    what: 'producer to handler at 1,000 records / s, median',
    rows: [['produce to handler, 1000 records / s, p50, against kafkajs eachMessage', 'kafkajs eachMessage']],
  },
  {
    title: 'Publishing, records / s (more is better)',
    what: '500 calls of `publish` at a time',
    ours: '500 calls of publish at a time',
    rows: [
      [`${publishing} kafkajs sendBatch of 500`, 'kafkajs sendBatch of 500'],
      [`${publishing} kafkajs send, one awaited after the other`, 'kafkajs send, awaited one by one'],
    ],
  },
  {
    title: 'Handler with a DTO',
    what: 'handler that does nothing, but for a DTO that `ValidationPipe` validates',
    rows: [['no-op handler with a DTO (ValidationPipe), against the same without', 'without the DTO']],
    tableOnly: true,
  },
  {
    title: 'Shutdown',
    what: 'shutdown at rest',
    rows: [['shutdown at rest, against kafkajs', 'kafkajs']],
    tableOnly: true,
  },
  {
    title: 'Start',
    what: 'start to first record',
    rows: [['start to first record, against kafkajs', 'kafkajs']],
    tableOnly: true,
  },
];

/** The chart of the README, from the results of the benchmark. */
export function chartOf(results: readonly Row[]): string {
  const panels = figures.filter(({ tableOnly }) => !tableOnly).map((figure) => panelOf(figure, results));
  return drawBars('The benchmark: this package against kafkajs and @nestjs/microservices', panels);
}

/** The table of the README, from the results of the benchmark. */
export function tableOf(results: readonly Row[]): string {
  const lines = figures.flatMap(({ what, rows }) =>
    rows.map(([line, label]) => {
      const { unit, measured, against } = find(results, line);
      return `| ${what} | ${medianOf(measured)} ${unit} | ${label.replace(/^the ideal: (.*)/, 'the ideal, $1')} | ${medianOf(against)} ${unit} |`;
    }),
  );
  return ['| | this package | measured against | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

function panelOf({ title, ours = us, rows }: Figure, results: readonly Row[]): Panel {
  const found = rows.map(([line, label]) => ({ label, row: find(results, line) }));
  const bars = found.map(({ label, row }): Bar => bar(label, row.against, false));
  return { title, bars: [bar(ours, found[0]!.row.measured, true), ...bars] };
}

function bar(label: string, cell: string, ours: boolean): Bar {
  const text = medianOf(cell);
  return { label, text, ours, value: Number(text.replaceAll(',', '')) };
}

function find(results: readonly Row[], what: string): Row {
  const row = results.find((row) => row.what === what);
  if (!row) throw new Error(`The results have no line "${what}"`);
  return row;
}
