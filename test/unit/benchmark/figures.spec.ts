import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { drawBars } from '../../benchmark/common/bar-chart.js';
import { readMarkdown, toMarkdown, toRow } from '../../benchmark/common/report.js';
import { chartOf, tableOf } from '../../benchmark/module/figures.js';
import { withTable } from '../../benchmark/module/write-figures.js';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const results = readMarkdown(read('test/benchmark/results.md'));

describe('A bar chart', () => {
  const bars = [
    { label: 'a < b & "c"', value: 200, text: '200 µs', ours: true },
    { label: 'half', value: 100, text: "it's 100", ours: false },
    { label: 'nearly nothing', value: 0.0001, text: '0', ours: false },
  ];
  const chart = drawBars('One > two', [
    { title: 'Upper', bars },
    { title: 'Lower', bars: [{ label: 'alone', value: 7, text: 'seven', ours: false }] },
  ]);

  it('is well formed, whatever its texts are', () => {
    expect(faultsOf(chart)).toEqual([]);
  });

  it('has every title, label and text, escaped', () => {
    const shown = [...chart.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

    expect(shown).toEqual([
      'Upper',
      'a &lt; b &amp; &quot;c&quot;',
      '200 µs',
      'half',
      'it&#39;s 100',
      'nearly nothing',
      '0',
      'Lower',
      'alone',
      'seven',
    ]);
    expect(chart).toContain('<title id="title">One &gt; two</title>');
  });

  it('draws bars as long as their values are to one another in their panel, and each so that it is seen', () => {
    const [full, half, least, alone] = lengthsOf(chart);

    expect(half).toBeCloseTo(full! / 2, 0);
    expect(least).toBe(1);
    expect(alone).toBe(full);
  });

  it('is readable on light and on dark pages', () => {
    const [light, dark] = chart.split('prefers-color-scheme: dark');

    for (const part of [light, dark]) expect(part).toMatch(/text \{[^}]*fill: #/);
    for (const name of ['background', 'bar', 'ours']) expect(dark).toContain(`.${name} { fill: #`);
  });
});

describe('The results', () => {
  it('are read from the table that is written', () => {
    const rows = [toRow({ what: 'a, against b', unit: 's', measured: [1, 2, 3], against: [4_000] })];

    expect(readMarkdown(`# Title\n\n${toMarkdown(rows)}\n`)).toEqual(rows);
  });

  it('are not read from another table', () => {
    expect(() => readMarkdown('| a | b |\n| --- | --- |\n')).toThrow('expected a table of what,unit,measured');
  });

  it('are drawn in results.svg as results.md has them (npm run bench:chart)', () => {
    expect(read('test/benchmark/results.svg')).toBe(chartOf(results));
  });

  it('are drawn well formed, with labels that have room, and none over the edge', () => {
    const chart = chartOf(results);
    const [width] = /(?<=viewBox="0 0 )\d+/.exec(chart)!;
    const labels = [...chart.matchAll(/<text x="(\d+)"[^>]*text-anchor="end">([^<]*)</g)];
    const texts = [...chart.matchAll(/<text x="([\d.]+)" y="\d+">([^<]*)</g)];
    const widest = 7; // pixels of a character, on average, in the widest of the fonts

    expect(faultsOf(chart)).toEqual([]);
    expect(labels.length).toBeGreaterThan(10);
    for (const [, x, label] of labels) expect(label!.length * widest).toBeLessThan(Number(x));
    for (const [, x, text] of texts) expect(Number(x) + text!.length * widest).toBeLessThan(Number(width));
  });

  it('stand in the README as results.md has them (npm run bench:chart)', () => {
    const readme = read('README.md');

    expect(withTable(readme, tableOf(results))).toBe(readme);
  });
});

function lengthsOf(chart: string): number[] {
  return [...chart.matchAll(/<rect class="bar[^>]*? width="([\d.]+)"/g)].map(([, length]) => Number(length));
}

/** What an XML parser would refuse: elements that are not closed in their order, and characters that mean something. */
function faultsOf(xml: string): string[] {
  const faults: string[] = [];
  const open: string[] = [];
  const names = /<(\/?)([a-z]+)((?: [\w-]+(?::\w+)?="[^"<&]*")*)(\/?)>/g;
  for (const [, closing, name, , empty] of xml.matchAll(names)) {
    if (closing && open.pop() !== name) faults.push(`</${name}>`);
    if (!closing && !empty) open.push(name!);
  }
  const rest = xml.replace(names, '').replace(/&(amp|lt|gt|quot|#39);/g, '');
  return [...faults, ...open, ...(rest.match(/.*[<&].*/g) ?? [])];
}
