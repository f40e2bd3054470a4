import { readFile, writeFile } from 'node:fs/promises';
import { readMarkdown } from '../common/report.js';
import { chartOf, tableOf } from './figures.js';

const results = new URL('../results.md', import.meta.url);
const chart = new URL('../results.svg', import.meta.url);
const readme = new URL('../../../README.md', import.meta.url);

/** What stands in the README between these two is written by `npm run bench:chart`. */
const marks = ['<!-- npm run bench:chart -->', '<!-- end -->'] as const;

/** Draws `results.svg` and fills the table of the README, from what stands in `results.md`. */
export async function writeFigures(): Promise<void> {
  const rows = readMarkdown(await readFile(results, 'utf8'));
  await writeFile(chart, chartOf(rows));
  await writeFile(readme, withTable(await readFile(readme, 'utf8'), tableOf(rows)));
}

/** A text with another table between the marks. */
export function withTable(text: string, table: string): string {
  const [begin, end] = [text.indexOf(marks[0]), text.indexOf(marks[1])];
  if (begin < 0 || end < begin) throw new Error(`expected ${marks.join(' … ')} in the README`);
  return `${text.slice(0, begin + marks[0].length)}\n\n${table}\n\n${text.slice(end)}`;
}
