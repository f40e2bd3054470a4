import { loadKafkaOptions } from '../config/load-options.js';
import { validateOptions } from '../config/validate-options.js';
import type { DeadLetter } from '../dead-letters/dead-letter.js';
import { DeadLetterService, type DeadLetterSummary, type RedriveResult } from '../dead-letters/dead-letter.service.js';
import { MessagingError } from '../messaging/errors.js';
import { readArguments, usage, type Command } from './arguments.js';
import { ProgressBar, type Terminal } from './progress-bar.js';

/** What the command has of its process. */
export interface CommandSurroundings {
  env: NodeJS.ProcessEnv;

  /** Takes results. */
  print: (text: string) => void;

  /** Takes errors and progress. */
  terminal: Terminal;

  /** Fires when the user wants it to stop. */
  signal: AbortSignal;
}

/** @returns the exit code: 0 when all is well, 1 when it failed, 2 when the command line is wrong */
export async function runRedriveCommand(argv: readonly string[], surroundings: CommandSurroundings): Promise<number> {
  const { print, terminal } = surroundings;
  let command: Command;
  try {
    command = readArguments(argv);
  } catch (error) {
    terminal.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (command.name === 'help') {
    print(usage);
    return 0;
  }
  try {
    await run(command, surroundings);
    return 0;
  } catch (error) {
    if (!(error instanceof MessagingError)) throw error;
    terminal.write(`${error.message}\n`);
    return 1;
  }
}

async function run(command: Command, surroundings: CommandSurroundings): Promise<void> {
  const { topic, partition, offset, redrive } = command;
  const { print, terminal, signal } = surroundings;
  const service = new DeadLetterService(validateOptions(loadKafkaOptions({ ...surroundings.env, ...command.env })));
  if (command.name === 'list') return print(describeSummary(topic, await service.list(topic, redrive, signal)));
  if (command.name === 'show') return print(describeLetter(await service.show(topic, partition, offset, signal)));
  const bar = new ProgressBar(terminal);
  try {
    const result = await service.redrive(topic, { ...redrive, signal, onProgress: (progress) => bar.show(progress) });
    bar.clear();
    print(describeResult(result, redrive.dryRun ?? false));
  } finally {
    bar.clear();
  }
}

function describeSummary(topic: string, kinds: readonly DeadLetterSummary[]): string {
  const total = kinds.reduce((sum, { count }) => sum + count, 0);
  const head = ['count', 'original topic', 'error class', 'oldest', 'newest'];
  const rows = kinds.map(({ count, originalTopic, errorClass, oldest, newest }) => [
    String(count),
    originalTopic,
    errorClass,
    oldest.toISOString(),
    newest.toISOString(),
  ]);
  const table = total > 0 ? `\n${tableOf([head, ...rows])}` : '';
  return `${total} dead ${total === 1 ? 'letter' : 'letters'} in ${topic}\n${table}`;
}

function tableOf(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd() + '\n',
    )
    .join('');
}

function describeLetter(letter: DeadLetter): string {
  const { original, message } = letter;
  const lines = [
    ['dead letter', `${letter.topic}-${letter.partition}@${letter.offset}`],
    ['given up on', letter.timestamp.toISOString()],
    ['original', `${original.topic}-${original.partition}@${original.offset}, ${timeOf(original.timestamp)}`],
    ['group', letter.group],
    ['handler', letter.handler],
    ['attempts', String(letter.attempts)],
    ['redrives', String(letter.redrives)],
    ['error', `${letter.errorClass}: ${letter.error}`],
    ['key', textOf(message.key)],
    ...Object.entries(message.rawHeaders).flatMap(([name, value]) =>
      [value].flat().map((bytes) => [`header ${name}`, textOf(bytes)]),
    ),
    ['value', textOf(message.value)],
  ];
  const width = Math.max(...lines.map(([name]) => name!.length));
  const stack = letter.errorStack === '' ? '' : `\n${letter.errorStack}\n`;
  return `${lines.map(([name, text]) => `${name!.padEnd(width)}  ${text}\n`).join('')}${stack}`;
}

/** Producers may write any number for a time. */
function timeOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'at an unknown time' : date.toISOString();
}

/** Bytes that are no UTF-8 are shown in base64. */
function textOf(bytes: Buffer | null): string {
  if (!bytes) return 'null';
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : `base64:${bytes.toString('base64')}`;
}

function describeResult(result: RedriveResult, dryRun: boolean): string {
  const { moved, scanned, failed, exhausted, foreign, finished, job } = result;
  const lines = [`${moved} of ${scanned} dead letters ${dryRun ? 'would be moved' : 'moved'}`];
  if (failed > 0) lines.push(`${failed} cannot be written, and stay where they are: see the errors above`);
  if (exhausted > 0) {
    lines.push(
      `${exhausted} left out: redriven too often already; to move them, ask for them by --partition and --from-offset`,
    );
  }
  if (foreign > 0) lines.push(`${foreign} left out: no headers that tell where they come from`);
  if (!dryRun) lines.push(finished ? `job ${job} is done` : `job ${job} is not done: give the same command to go on`);
  return `${lines.join('\n')}\n`;
}
