/** The samples of a figure, and those it is measured against. */
export interface Comparison {
  what: string;
  unit: string;
  measured: number[];
  against: number[];
  target?: Target;
}

export interface Target {
  text: string;

  /** @param row medians, and the ratio of them */
  isMet(row: { measured: number; ratio: number }): boolean;
}

const columns = ['what', 'unit', 'measured', 'against', 'ratio', 'target', 'met'] as const;

export type Row = Record<(typeof columns)[number], string>;

/** Medians, with the least and the most in parentheses. */
export function toRow({ what, unit, measured, against, target }: Comparison): Row {
  const medians = { measured: median(measured), ratio: median(measured) / median(against) };
  return {
    what,
    unit,
    measured: spread(measured),
    against: spread(against),
    ratio: medians.ratio.toFixed(2),
    target: target?.text ?? '',
    met: target ? (target.isMet(medians) ? 'yes' : 'NO') : '',
  };
}

export function toMarkdown(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cells = rows.map((row) => columns.map((column) => row[column]));
  return [columns, columns.map(() => '---'), ...cells].map(line).join('\n');
}

/** The rows that {@link toMarkdown} has written, also once a formatter has aligned them. */
export function readMarkdown(markdown: string): Row[] {
  const [head, , ...lines] = markdown.split('\n').filter((line) => line.startsWith('|'));
  const names = head ? cellsOf(head) : [];
  if (names.join() !== columns.join()) throw new Error(`expected a table of ${columns.join()}, got ${names.join()}`);
  return lines.map((line) => {
    const cells = cellsOf(line);
    return Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ''])) as Row;
  });
}

/** `190,311` of `190,311 (188,103–197,508)`. */
export function medianOf(cell: string): string {
  return cell.split(' ')[0]!;
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function spread(samples: readonly number[]): string {
  return `${format(median(samples))} (${format(Math.min(...samples))}–${format(Math.max(...samples))})`;
}

function format(figure: number): string {
  return figure >= 100 ? Math.round(figure).toLocaleString('en') : figure.toPrecision(3);
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1]!;
}
