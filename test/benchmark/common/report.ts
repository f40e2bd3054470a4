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

function spread(samples: readonly number[]): string {
  return `${format(median(samples))} (${format(Math.min(...samples))}–${format(Math.max(...samples))})`;
}

function format(figure: number): string {
  return figure >= 100 ? Math.round(figure).toLocaleString('en') : figure.toPrecision(3);
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1]!;
}
