import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import * as health from '../../lib/health/index.js';
import * as publicApi from '../../lib/index.js';
import { sourceFiles } from '../support/source-files.js';

const values = [
  'AcknowledgementError',
  'BatchError',
  'BatchHandler',
  'ConsumedMessage',
  'Consumer',
  'ConsumerObserver',
  'DeadLetterService',
  'DeserializationError',
  'HandlerBindingError',
  'HandlerContext',
  'HandlerTimeoutError',
  'IdempotencyStore',
  'InMemoryIdempotencyStore',
  'InjectKafkaConsumer',
  'InjectKafkaProducer',
  'KafkaConfigError',
  'KafkaConsumerService',
  'KafkaModule',
  'KafkaProducer',
  'Message',
  'MessageContext',
  'MessageHandler',
  'MessageHeader',
  'MessageHeaders',
  'MessageKey',
  'MessagePayload',
  'MessageRefusedError',
  'MessagingError',
  'NonRetriableError',
  'Producer',
  'PublishError',
  'SchemaRegistry',
  'SkipMessageError',
  'getDeadLetterServiceToken',
  'getKafkaConsumerToken',
  'getKafkaProducerToken',
  'isKafkaContext',
  'kafkaConfig',
];

const types = [
  'AssignorName',
  'AttemptEvent',
  'BatchFailure',
  'BatchHandlerOptions',
  'BrokerThrottle',
  'BuiltInFormat',
  'ClientFailures',
  'CommitFailedEvent',
  'CommitTrouble',
  'CommittedEvent',
  'Compression',
  'ConfigFault',
  'ConsumerState',
  'CrashPolicy',
  'DeadLetter',
  'DeadLetterFilter',
  'DeadLetterOptions',
  'DeadLetterSummary',
  'DeadLetteredEvent',
  'Deserializer',
  'ExhaustedPolicy',
  'FailedEvent',
  'FailureClass',
  'FailureClassifier',
  'FetchOptions',
  'Format',
  'GroupConsumerStatus',
  'Handler',
  'HeaderCondition',
  'IdempotencyOptions',
  'Jitter',
  'KafkaModuleExtras',
  'KafkaOptions',
  'KafkaOptionsFactory',
  'MessageHandlerOptions',
  'MessagesEvent',
  'NonRetriable',
  'OutgoingMessage',
  'PartitionLag',
  'PartitionStatus',
  'PauseReason',
  'PausedPartition',
  'PayloadSchema',
  'ProcessingOrder',
  'ProducerOptions',
  'ProtobufFormatOptions',
  'PublishedRecord',
  'RebalancedEvent',
  'RedriveOptions',
  'RedriveProgress',
  'RedriveResult',
  'RetriedEvent',
  'RetryOptions',
  'SaslOAuthBearerOptions',
  'SaslOptions',
  'SaslPasswordOptions',
  'SchemaFormatOptions',
  'SchemaRegistryOptions',
  'Serializer',
  'SslOptions',
  'StandardSchema',
  'TopicPartition',
  'UnplacedPartition',
];

describe('The package', () => {
  const exported = exportsOf('index.ts');

  it('exports these values', () => {
    expect(Object.keys(publicApi).sort()).toEqual(values);
  });

  it('exports these types beside them', () => {
    const names = exported.map(({ name }) => name).filter((name) => !values.includes(name));

    expect(names.sort()).toEqual(types);
  });

  it.each(exported)('says that $name is public, in its docstring in $file', ({ name, file }) => {
    const documentation = documentationOf(name, file);

    expect(documentation).toMatch(/^\/\*\*[^]*@publicApi/);
  });

  it.each(sourceFiles().filter(({ path }) => !path.startsWith('testing/')))(
    'exports everything that $path says is public',
    ({ path, syntax }) => {
      const published = syntax.statements.filter((statement) => docstring(statement).includes('@publicApi'));

      const names = published.flatMap(namesOf);

      const entry = path.startsWith('health/') ? healthExports : exported;
      expect(names.filter((name) => !entry.some((symbol) => symbol.name === name))).toEqual([]);
    },
  );
});

const healthExports = exportsOf('health/index.ts');

describe('The entry point health', () => {
  it('exports these values', () => {
    expect(Object.keys(health).sort()).toEqual(['KafkaHealth', 'KafkaHealthIndicator', 'KafkaHealthModule']);
  });

  it('exports these types beside them', () => {
    const names = healthExports.map(({ name }) => name).filter((name) => !(name in health));

    expect(names.sort()).toEqual(['GroupHealth', 'KafkaHealthOptions', 'KafkaHealthReport', 'KafkaHealthResult']);
  });

  it.each(healthExports)('says that $name is public, in its docstring in $file', ({ name, file }) => {
    expect(documentationOf(name, file)).toMatch(/^\/\*\*[^]*@publicApi/);
  });

  it('loads and compiles where Terminus is not installed', () => {
    const ofTerminus = sourceFiles().filter(({ imports }) => imports.some((one) => one.package === '@nestjs/terminus'));

    expect(ofTerminus.map(({ path }) => path)).toEqual([]);
  });
});

interface ExportedSymbol {
  name: string;

  /** Where it is declared, relative to `lib`. */
  file: string;
}

function exportsOf(entryPoint: string): ExportedSymbol[] {
  const index = sourceFiles().find(({ path }) => path === entryPoint)!;
  const folder = entryPoint.replace(/index\.ts$/, '');
  return index.syntax.statements.filter(ts.isExportDeclaration).flatMap(({ exportClause, moduleSpecifier }) => {
    const file = (moduleSpecifier as ts.StringLiteral).text.replace('./', folder).replace(/\.js$/, '.ts');
    return (exportClause as ts.NamedExports).elements.map(({ name }) => ({ name: name.text, file }));
  });
}

function documentationOf(name: string, file: string): string {
  const { syntax } = sourceFiles().find(({ path }) => path === file)!;
  const declaration = syntax.statements.find((statement) => namesOf(statement).includes(name));
  if (!declaration) throw new Error(`${file} does not declare ${name}`);
  return docstring(declaration);
}

function docstring(statement: ts.Statement): string {
  return ts
    .getJSDocCommentsAndTags(statement)
    .map((comment) => comment.getText())
    .join('\n');
}

/** What a statement declares. */
function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as ts.Statement & { name?: ts.Identifier };
  return name ? [name.text] : [];
}
