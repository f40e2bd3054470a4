import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { sourceFiles, type Import, type SourceFile } from '../support/source-files.js';

/** Which parts of `lib` a part may import beside itself. design.md: the arrows run one way. */
const mayImport: Record<string, readonly string[]> = {
  messaging: [],
  engine: ['messaging'],
  constants: ['messaging'],
  config: ['engine', 'messaging'],
  decorators: ['constants', 'config', 'messaging'],
  discovery: ['constants', 'config', 'decorators', 'engine', 'messaging'],
  connection: ['constants', 'config', 'engine', 'messaging'],
  producer: ['constants', 'config', 'connection', 'engine', 'messaging'],
  'dead-letters': ['constants', 'config', 'connection', 'engine', 'messaging'],
  command: ['config', 'dead-letters', 'engine', 'messaging'],
  consumer: ['constants', 'config', 'connection', 'discovery', 'engine', 'messaging', 'producer'],
  'schema-registry': ['messaging'],
  health: ['constants', 'config', 'consumer', 'engine', 'messaging'],
  telemetry: ['constants', 'config', 'connection', 'consumer', 'engine', 'messaging'],
  module: [
    'constants',
    'config',
    'connection',
    'consumer',
    'dead-letters',
    'discovery',
    'producer',
    'telemetry',
    'messaging',
  ],
  index: [
    ...['constants', 'config', 'connection', 'consumer', 'decorators', 'discovery', 'engine', 'messaging'],
    ...['dead-letters', 'module', 'producer', 'schema-registry'],
  ],
  testing: ['constants', 'connection', 'consumer', 'engine', 'messaging'],
};

/** Files at the top of `lib` stand for a part of their own; others belong to their folder. */
const topLevel: Record<string, string> = {
  'index.ts': 'index',
  'kafka.constants.ts': 'constants',
  'kafka.module.ts': 'module',
  'kafka.module-definition.ts': 'module',
};

/** The only files outside `testing` that may know kafkajs. */
const kafkajsUsers = ['engine/client/client-settings.ts', 'engine/client/connection/kafkajs-internals.ts'];

const files = sourceFiles();
const byPath = new Map(files.map((file) => [file.path, file]));

describe('The files of lib', () => {
  it('are found', () => {
    expect(files.map(({ path }) => path)).toContain('engine/group-consumer.ts');
    expect(byPath.get('engine/group-consumer.ts')!.imports.length).toBeGreaterThan(5);
  });

  it('each belong to a part that has its place', () => {
    expect(files.map(({ path }) => partOf(path)).filter((part) => !(part in mayImport))).toEqual([]);
  });

  it('import files that exist', () => {
    expect(offences((_, { file: imported }) => imported !== undefined && !byPath.has(imported))).toEqual([]);
  });

  it('import along the arrows only', () => {
    expect(
      offences(({ path }, { file: imported }) => {
        if (imported === undefined || partOf(imported) === partOf(path)) return false;
        return !mayImport[partOf(path)]!.includes(partOf(imported));
      }),
    ).toEqual([]);
  });

  it('have no part that reaches itself by way of others', () => {
    expect(circles(mayImport)).toEqual([]);
  });

  it('have no import circles', () => {
    const graph = Object.fromEntries(
      files.map(({ path, imports }) => [path, imports.flatMap(({ file }) => file ?? [])]),
    );

    expect(circles(graph)).toEqual([]);
  });

  it('know neither Nest nor what comes with it in engine and messaging', () => {
    const isNest = (name: string) => /^(@nestjs\/|rxjs|reflect-metadata|class-)/.test(name);

    expect(
      offences(
        ({ path }, imported) => ['engine', 'messaging'].includes(partOf(path)) && isNest(imported.package ?? ''),
      ),
    ).toEqual([]);
  });

  it('know kafkajs in a few files of the client only', () => {
    const users = files.filter(
      ({ path, imports }) =>
        partOf(path) !== 'testing' && imports.some((imported) => /^kafkajs(\/|$)/.test(imported.package ?? '')),
    );

    expect(users.map(({ path }) => path).sort()).toEqual(kafkajsUsers);
  });

  it('reach into kafkajs in one file only', () => {
    const insiders = offences((_, imported) => imported.package?.startsWith('kafkajs/') ?? false);

    expect(new Set(insiders.map((offence) => offence.split(' ')[0]))).toEqual(
      new Set(['engine/client/connection/kafkajs-internals.ts']),
    );
  });

  it('import nothing in messaging but one another', () => {
    expect(offences(({ path }, imported) => partOf(path) === 'messaging' && imported.package !== undefined)).toEqual(
      [],
    );
  });

  it('do not import the testing kit', () => {
    expect(offences(({ path }, { file }) => partOf(path) !== 'testing' && partOf(file ?? '') === 'testing')).toEqual(
      [],
    );
  });

  it('do not import what tells of their health', () => {
    expect(offences(({ path }, { file }) => partOf(path) !== 'health' && partOf(file ?? '') === 'health')).toEqual([]);
  });

  it('know OpenTelemetry in what measures and traces only', () => {
    const users = offences((_, imported) => imported.package?.startsWith('@opentelemetry/') ?? false);

    expect(users.filter((user) => !user.startsWith('telemetry/'))).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
  });

  it('import files, not barrels', () => {
    const isIndex = (path: string) => /(^|\/)index\.ts$/.test(path);

    expect(offences(({ path }, { file }) => !isIndex(path) && isIndex(file ?? ''))).toEqual([]);
  });

  it("log by a logger that takes fields, and hides secrets: Nest's own takes both for messages", () => {
    const users = files.filter(({ syntax }) => /\bnew Logger\(/.test(syntax.getFullText())).map(({ path }) => path);

    expect(users).toEqual(['connection/nest-logger.ts']);
  });

  it('re-export in index files only, and nothing wholesale', () => {
    const reExports = files.flatMap(({ path, syntax }) =>
      syntax.statements.filter(isReExport).map((statement) => `${path}: ${statement.getText()}`),
    );

    expect(reExports.filter((text) => !/^(.*\/)?index\.ts: /.test(text) || text.includes('*'))).toEqual([]);
  });
});

function partOf(path: string): string {
  return topLevel[path] ?? path.split('/')[0]!;
}

/** `file → import`, for each import that breaks a rule. */
function offences(breaks: (file: SourceFile, imported: Import) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((imported) => breaks(file, imported))
      .map((imported) => `${file.path} → ${imported.file ?? imported.package}`),
  );
}

/** The circles of a graph, each as the path that leads back to where it began. */
function circles(graph: Record<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: string[]): void => {
    if (path.includes(node)) found.push([...path.slice(path.indexOf(node)), node].join(' → '));
    if (path.includes(node) || done.has(node)) return;
    for (const next of graph[node] ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of Object.keys(graph)) visit(node, []);
  return found;
}

function isReExport(statement: ts.Statement): boolean {
  return ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
}
