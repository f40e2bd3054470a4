import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { KafkaHealth, type KafkaHealthReport } from '@things-kit/nestjs-kafka/health';

@Controller('plain-health')
export class PlainHealthController {
  constructor(private readonly kafka: KafkaHealth) {}

  @Get('liveness')
  liveness(): KafkaHealthReport {
    const report = this.kafka.liveness();
    if (report.status === 'down') throw new ServiceUnavailableException(report);
    return report;
  }
}
