import { Inject, Injectable, Logger } from '@nestjs/common';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { HandlerExplorer } from '../discovery/handler.explorer.js';
import { TopicRouter } from '../discovery/topic.router.js';
import { DEFAULT_CONNECTION, KAFKA_CONNECTION, KAFKA_SETTINGS } from '../kafka.constants.js';

/** The handlers of one connection, found and bound once. */
@Injectable()
export class HandlerRegistry {
  private readonly logger = new Logger('KafkaRouter');
  private router: TopicRouter | undefined;

  constructor(
    private readonly explorer: HandlerExplorer,
    @Inject(KAFKA_CONNECTION) readonly connection: string,
    @Inject(KAFKA_SETTINGS) readonly settings: KafkaSettings,
  ) {}

  /** @throws HandlerBindingError */
  bind(): TopicRouter {
    return (this.router ??= this.build());
  }

  private build(): TopicRouter {
    const handlers = this.explorer
      .explore()
      .filter(({ options }) => (options.connection ?? DEFAULT_CONNECTION) === this.connection);
    const router = new TopicRouter(handlers, this.settings);
    for (const line of router.describe()) this.logger.log(line);
    for (const line of this.mismatches(router)) this.logger.warn(line);
    return router;
  }

  /** An explicit list of topics and the handlers' topics should cover each other. */
  private mismatches(router: TopicRouter): string[] {
    const { topics } = this.settings;
    if (!topics) return [];
    const unhandled = topics.filter((topic) => router.handlersOf(topic).length === 0);
    return [
      ...router.unlisted(topics),
      ...unhandled.map(
        (topic) => `The option topics lists "${topic}", which no handler takes: its records are skipped`,
      ),
    ];
  }
}
