import { Module } from '@nestjs/common';
import { KafkaModule } from '@things-kit/nestjs-kafka';
import { HealthModule } from './health/health.module.js';
import { OrderStream } from './order.stream.js';
import { OrderHandler } from './orders/order.handler.js';
import { OrderRepository } from './orders/order.repository.js';
import { OrderService } from './orders/order.service.js';
import { OrderSummary } from './orders/order.summary.js';
import { PaymentHandler } from './orders/payment.handler.js';
import { SalesReport } from './sales/sales.report.js';

@Module({
  imports: [KafkaModule.forRootAsync(), HealthModule],
  providers: [OrderHandler, PaymentHandler, OrderService, OrderRepository, OrderSummary, SalesReport, OrderStream],
})
export class AppModule {}
