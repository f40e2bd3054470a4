import { codeOptions, environmentOptions } from './environment.js';

/** The paths of all options and of the sections that hold some. */
const known = [...Object.keys(environmentOptions), ...codeOptions, 'fetch', 'retry', 'sasl'];

/** The option that an unknown path most likely means, if one comes near. */
export function nearestOption(path: string): string | undefined {
  const elsewhere = known.find((option) => option.endsWith(`.${path}`) || path.endsWith(`.${option}`));
  if (elsewhere) return elsewhere;
  const [nearest] = known
    .map((option) => ({ option, distance: distance(plain(path), plain(option)) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest && nearest.distance <= Math.max(2, path.length / 3) ? nearest.option : undefined;
}

/** `auto-commit` and `AUTO_COMMIT` come near `autoCommit`. */
function plain(path: string): string {
  return path.replace(/[-_]/g, '').toLowerCase();
}

/** Levenshtein: the least number of letters to insert, delete or replace. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column++) {
      const replaced = row[column - 1]! + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
