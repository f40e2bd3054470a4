import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { KafkaHealthIndicator } from '@things-kit/nestjs-kafka/health';

/** What an orchestrator asks: 200 for yes, 503 for no, with the reasons. */
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
    return this.health.check([() => this.kafka.readiness()]);
  }

  @Get('liveness')
  @HealthCheck()
  liveness() {
    return this.health.check([() => this.kafka.liveness()]);
  }
}
