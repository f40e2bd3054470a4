import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { KafkaHealthModule } from '@things-kit/nestjs-kafka/health';
import { HealthController } from './health.controller.js';

@Module({
  imports: [TerminusModule, KafkaHealthModule],
  controllers: [HealthController],
})
export class HealthModule {}
