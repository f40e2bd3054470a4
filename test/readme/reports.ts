import { Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { KafkaModule, MessageHandler, MessagePayload } from '@things-kit/nestjs-kafka';

@Injectable()
export class ReportHandler {
  constructor(private readonly lazy: LazyModuleLoader) {}

  @MessageHandler('reports.requested', { publishTo: 'reports.rendered' })
  async render(@MessagePayload('title') title: string): Promise<string> {
    const { Renderer, RenderingModule } = await import('./rendering.module.js');
    const rendering = await this.lazy.load(() => RenderingModule); // once; then it is at hand
    return rendering.get(Renderer).render(title);
  }
}

@Module({ imports: [KafkaModule.forRootAsync()], providers: [ReportHandler] })
export class ReportsModule {}
