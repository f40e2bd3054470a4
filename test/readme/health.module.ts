import { Controller, Get, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { KafkaHealthIndicator, KafkaHealthModule } from '@things-kit/nestjs-kafka/health';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly kafka: KafkaHealthIndicator,
  ) {}

  @Get('startup')
  @HealthCheck()
  startup() {
    return this.health.check([() => this.kafka.startup()]);
  }

  @Get('readiness')
  @HealthCheck()
  readiness() {
    return this.health.check([() => this.kafka.readiness()]); // and what else the application depends on
  }

  @Get('liveness')
  @HealthCheck()
  liveness() {
    return this.health.check([() => this.kafka.liveness()]);
  }
}

@Module({
  imports: [TerminusModule, KafkaHealthModule.forRoot({ stallLimitMs: 10 * 60_000 })],
  controllers: [HealthController],
})
export class HealthModule {}
