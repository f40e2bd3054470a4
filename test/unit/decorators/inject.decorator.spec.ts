import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { InjectKafkaConsumer, InjectKafkaProducer } from '../../../lib/decorators/inject.decorator.js';
import { getKafkaConsumerToken, getKafkaProducerToken } from '../../../lib/kafka.constants.js';
import { Consumer } from '../../../lib/messaging/consumer.js';
import { Producer } from '../../../lib/messaging/producer.js';

@Injectable()
class Orders {
  constructor(
    @InjectKafkaConsumer() readonly consumer: Consumer,
    @InjectKafkaProducer() readonly producer: Producer,
    @InjectKafkaConsumer('audit') readonly auditConsumer: Consumer,
    @InjectKafkaProducer('audit') readonly auditProducer: Producer,
  ) {}
}

describe('The injection decorators', () => {
  it('inject the default connection, and a named one', async () => {
    const module = await Test.createTestingModule({
      providers: [
        Orders,
        { provide: Consumer, useValue: 1 },
        { provide: Producer, useValue: 2 },
        { provide: getKafkaConsumerToken('audit'), useValue: 3 },
        { provide: getKafkaProducerToken('audit'), useValue: 4 },
      ],
    }).compile();

    expect(Object.values(module.get(Orders))).toEqual([1, 2, 3, 4]);
  });

  it('have a token of its own for each connection', () => {
    const tokens = [
      getKafkaConsumerToken(),
      getKafkaProducerToken(),
      getKafkaConsumerToken('a'),
      getKafkaProducerToken('a'),
    ];

    expect(new Set([...tokens, getKafkaConsumerToken('b'), getKafkaProducerToken('b')]).size).toBe(6);
    expect(getKafkaConsumerToken('default')).toBe(Consumer);
    expect(getKafkaProducerToken('default')).toBe(Producer);
  });
});
