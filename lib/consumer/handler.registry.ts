import { Inject, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ModuleRef } from '@nestjs/core';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { NestLogger } from '../connection/nest-logger.js';
import { bindingFaults } from '../discovery/binding-faults.js';
import { HandlerBindingError } from '../discovery/handler-binding.error.js';
import type { HandlerDefinition } from '../discovery/handler-definition.js';
import { HandlerExplorer } from '../discovery/handler.explorer.js';
import { fillPlaceholders } from '../discovery/placeholders.js';
import { idempotent } from '../discovery/idempotent.js';
import { publishing } from '../discovery/publishing.js';
import { TopicRouter } from '../discovery/topic.router.js';
import type { Telemetry } from '../engine/telemetry.js';
import {
  DEFAULT_CONNECTION,
  KAFKA_CONNECTION,
  KAFKA_PRODUCER,
  KAFKA_SETTINGS,
  KAFKA_TELEMETRY,
} from '../kafka.constants.js';
import { MessageSerializer } from '../producer/message-serializer.js';
import { IdempotencyStore } from '../messaging/idempotency-store.js';
import { Producer } from '../messaging/producer.js';

/** The group whose name is not set: handlers need one, an application without handlers does not. */
const unnamed = '';

/** The handlers of one connection, found and bound once. */
@Injectable()
export class HandlerRegistry {
  private readonly logger = new NestLogger('KafkaRouter');
  private routers: ReadonlyMap<string, TopicRouter> | undefined;

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly moduleRef: ModuleRef,
    @Inject(KAFKA_PRODUCER) private readonly producer: Producer,
    @Inject(KAFKA_CONNECTION) readonly connection: string,
    @Inject(KAFKA_SETTINGS) readonly settings: KafkaSettings,
    @Inject(KAFKA_TELEMETRY) private readonly telemetry: Telemetry,
  ) {}

  /**
   * The handlers of each group, by its name; `''` stands for that of a connection without one.
   *
   * @throws HandlerBindingError
   */
  bind(): ReadonlyMap<string, TopicRouter> {
    return (this.routers ??= this.build());
  }

  /** What {@link bind} has found; `undefined` before. */
  get bound(): ReadonlyMap<string, TopicRouter> | undefined {
    return this.routers;
  }

  /** The group of handlers that name none. */
  get mainGroup(): string {
    return this.settings.group ?? unnamed;
  }

  private build(): ReadonlyMap<string, TopicRouter> {
    const groups = this.byGroup(this.definitions());
    const routers = new Map([...groups].map(([group, handlers]) => [group, this.router(group, handlers)] as const));
    for (const line of [...routers.values()].flatMap((router) => router.describe())) this.logger.log(line);
    for (const line of this.mismatches([...routers.values()])) this.logger.warn(line);
    return routers;
  }

  /** @throws HandlerBindingError with the faults of all of them */
  private definitions(): HandlerDefinition[] {
    const all = this.explorer.explore();
    const own = all.filter((definition) => connectionOf(definition) === this.connection);
    const { definitions, faults } = fillPlaceholders(own, (path) => this.configured(path));
    const connections = this.moduleRef.get<string>(KAFKA_CONNECTION, { strict: false, each: true });
    faults.push(
      ...all
        .filter((definition) => !connections.includes(connectionOf(definition)))
        .map((definition) => withoutConnection(definition, connections)),
      ...definitions.filter((definition) => this.lacksStore(definition)).map(({ name }) => withoutStore(name)),
    );
    const inGroups = [...this.byGroup(definitions)].flatMap(([group, handlers]) => bindingFaults(handlers, group));
    if (faults.length + inGroups.length > 0) throw new HandlerBindingError([...faults, ...inGroups]);
    return definitions.map((definition) => this.transacting(this.once(this.withPublishing(definition))));
  }

  private transacting(definition: HandlerDefinition): HandlerDefinition {
    if (!definition.options.transactional) return definition;
    const serializer = new MessageSerializer(this.settings, this.settings.producer.compression);
    const { publishing } = this.telemetry;
    return {
      ...definition,
      serialize: (messages) => serializer.serialize(publishing ? publishing.create(messages) : messages),
    };
  }

  private withPublishing(definition: HandlerDefinition): HandlerDefinition {
    const { handle, options } = definition;
    if (!handle || options.publishTo === undefined) return definition;
    return {
      ...definition,
      handle: publishing(handle, options.publishTo, options.transactional ? undefined : this.producer),
    };
  }

  private once(definition: HandlerDefinition): HandlerDefinition {
    const { handle, options } = definition;
    if (!handle || !options.idempotent) return definition;
    const remembers = options.idempotent !== true && options.idempotent.remember === 'handler';
    return { ...definition, handle: idempotent(handle, this.find(IdempotencyStore)!, remembers) };
  }

  private lacksStore({ options }: HandlerDefinition): boolean {
    return Boolean(options.idempotent) && !this.find(IdempotencyStore);
  }

  private byGroup(definitions: readonly HandlerDefinition[]): Map<string, HandlerDefinition[]> {
    const groups = new Map<string, HandlerDefinition[]>();
    if (definitions.length === 0) groups.set(this.mainGroup, []);
    for (const definition of definitions) {
      const group = definition.options.group ?? this.mainGroup;
      groups.set(group, [...(groups.get(group) ?? []), definition]);
    }
    return groups;
  }

  private router(group: string, handlers: readonly HandlerDefinition[]): TopicRouter {
    return new TopicRouter(handlers, { ...this.settings, group });
  }

  /** An explicit list of topics and the handlers' topics should cover each other. */
  private mismatches(routers: readonly TopicRouter[]): string[] {
    const { topics } = this.settings;
    if (!topics) return [];
    const unhandled = topics.filter((topic) => routers.every((router) => router.handlersOf(topic).length === 0));
    return [
      ...routers.flatMap((router) => router.unlisted(topics)),
      ...unhandled.map(
        (topic) => `The option topics lists "${topic}", which no handler takes: its records are skipped`,
      ),
    ];
  }

  private configured(path: string): unknown {
    return this.find(ConfigService)?.get<unknown>(path);
  }

  /** What the application provides, wherever. */
  private find<T>(token: abstract new (...args: never[]) => T): T | undefined {
    try {
      return this.moduleRef.get<T>(token, { strict: false });
    } catch {
      return undefined;
    }
  }
}

function connectionOf({ options }: HandlerDefinition): string {
  return options.connection ?? DEFAULT_CONNECTION;
}

function withoutConnection(definition: HandlerDefinition, connections: readonly string[]): string {
  const known = connections.map((connection) => `"${connection}"`).join(', ');
  return (
    `${definition.name} is of the connection "${connectionOf(definition)}", which no KafkaModule makes (there is ${known}); ` +
    'correct its connection, or the name given to forRoot'
  );
}

function withoutStore(name: string): string {
  return `${name} is idempotent, and no module provides an IdempotencyStore: { provide: IdempotencyStore, useClass: … }`;
}
