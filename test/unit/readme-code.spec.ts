import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import ts from 'typescript';

/** What pieces of code in the README take for granted. */
const prelude = `
import { ConsoleLogger, Injectable, Module, UseFilters, UseGuards, ValidationPipe, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { jest } from '@jest/globals';
import * as kafka from '@things-kit/nestjs-kafka';
import { AppModule } from './app.module.js';
const { Consumer, DeadLetterService, HandlerContext, IdempotencyStore, kafkaConfig, KafkaModule, Message, MessageContext } = kafka;
const { InjectKafkaProducer, isKafkaContext, MessageHandler, MessageHeader, MessagePayload, Producer } = kafka;
type Deserializer<T> = kafka.Deserializer<T>;
type DeadLetterService = kafka.DeadLetterService;
type HandlerContext = kafka.HandlerContext;
type KafkaOptions = kafka.KafkaOptions;
type Message<T = unknown> = kafka.Message<T>;
type Producer = kafka.Producer;
class Order { id!: string; amount!: number }
class OrderCreated extends Order {}
class OrderValidated extends Order {}
class Click {}
class Payment { id!: string; accountId!: string }
class KafkaOptionsService implements kafka.KafkaOptionsFactory { declare createKafkaOptions: () => KafkaOptions }
declare const consumer: kafka.KafkaConsumerService;
declare class Database {
  query(sql: string, values?: unknown[]): Promise<unknown[]>;
  transaction(work: (transaction: Database) => Promise<void>): Promise<void>;
}
`;

/** What methods in the README use of their class. */
const members = `
declare database: Database;
declare store: kafka.IdempotencyStore;
declare batch: { click: Click; done: () => void }[];
`;

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code], at) => ({
  line: readme.slice(0, [...readme.matchAll(/^```ts\n/gm)][at]!.index).split('\n').length + 1,
  code: code!,
}));

/** A piece as a file of its own. */
function toFile(code: string): string {
  const complete = code.replaceAll('{ … }', '{ throw new Error(); }');
  if (/^import /m.test(complete)) return complete;
  if (!complete.startsWith('@MessageHandler')) return `${prelude}\n${complete}\nexport {};`;
  const isDecoratorOnly =
    complete.trimEnd().endsWith(')') || /^@.*\/\/.*\n?$/.test(complete.trimEnd().split('\n').at(-1)!);
  return `${prelude}\nexport class Example {\n${members}\n${complete}\n${isDecoratorOnly ? 'handle(): void {}' : ''}\n}`;
}

it('has code that compiles in the README', () => {
  const files: ReadonlyMap<string, string> = new Map(
    blocks.map(({ line, code }) => [`${root}test/readme/line-${line}.ts`, toFile(code)] as const),
  );
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)).config,
    ts.sys,
    root,
  );
  const compilerOptions = { ...options, noUnusedLocals: false, noUnusedParameters: false, isolatedModules: false };
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists.call(host, path);
  host.readFile = (path) => files.get(path) ?? readFile.call(host, path);
  const program = ts.createProgram([...files.keys()], compilerOptions, host);

  const faults = [...files.keys()].flatMap((path) => {
    const source = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${path.slice(root.length)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });

  expect(blocks.length).toBeGreaterThan(20);
  expect(faults).toEqual([]);
});
