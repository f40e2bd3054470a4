export type { GroupHealth, KafkaHealthReport } from './health-report.js';
export { KafkaHealth } from './kafka-health.js';
export { KafkaHealthIndicator, type KafkaHealthResult } from './kafka-health.indicator.js';
export { KafkaHealthModule } from './kafka-health.module.js';
export type { KafkaHealthOptions } from './kafka-health.options.js';
