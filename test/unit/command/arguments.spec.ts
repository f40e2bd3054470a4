import { describe, expect, it } from '@jest/globals';
import { readArguments } from '../../../lib/command/arguments.js';

describe('The command line', () => {
  it('asks for a list, with a filter', () => {
    const filter = [
      '--error-class',
      'E',
      '--original-topic',
      'orders',
      '--group',
      'g',
      '--handler',
      'A.b',
      '--key',
      'k',
    ];
    const range = [
      '--partition',
      '1',
      '--from-offset',
      '2',
      '--to-offset',
      '3',
      '--from',
      '2026-01-01',
      '--to',
      '2026-01-02',
    ];
    const command = readArguments(['list', 'orders.dlq', ...filter, ...range, '--header', 'a=1', '--header', 'b=x=y']);

    expect(command).toMatchObject({ name: 'list', topic: 'orders.dlq' });
    expect(command.redrive).toEqual({
      errorClass: 'E',
      originalTopic: 'orders',
      group: 'g',
      handler: 'A.b',
      key: 'k',
      headers: { a: '1', b: 'x=y' },
      partition: 1,
      fromOffset: 2,
      toOffset: 3,
      from: new Date('2026-01-01'),
      to: new Date('2026-01-02'),
    });
  });

  it('asks for a redrive, and says where', () => {
    const command = readArguments(
      'redrive orders.dlq --dry-run --limit 5 --rate 10 --max-redrives 2 --brokers a:1,b:2 --config c.yaml'.split(' '),
    );

    expect(command.redrive).toEqual({ dryRun: true, limit: 5, rate: 10, maxRedrives: 2 });
    expect(command.env).toEqual({ KAFKA_BROKERS: 'a:1,b:2', KAFKA_CONFIG_FILE: 'c.yaml' });
  });

  it('asks for one dead letter', () => {
    expect(readArguments(['show', 'orders.dlq', '1', '42'])).toMatchObject({
      name: 'show',
      partition: 1,
      offset: '42',
    });
  });

  it.each([[[]], [['help']], [['--help']], [['-h', 'redrive']]])('%j asks for help', (argv) => {
    expect(readArguments(argv).name).toBe('help');
  });

  it.each([
    [['drop', 'orders.dlq'], 'There is no command "drop"'],
    [['list'], 'list: expected a topic, got ""'],
    [['list', 'a', 'b'], 'list: expected a topic, got "a b"'],
    [['show', 'a', '1'], 'show: expected a topic, a partition and an offset, got "a 1"'],
    [['show', 'a', 'x', '1'], 'partition: expected a whole number, got "x"'],
    [['show', 'a', '1', 'x'], 'offset: expected a whole number, got "x"'],
    [['redrive', 'a', '--limit', 'all'], 'limit: expected a whole number, got "all"'],
    [['redrive', 'a', '--header', 'x'], '--header: expected name=value, got "x"'],
    [['redrive', 'a', '--from', 'yesterday'], '--from: expected a time such as 2026-01-31T12:00:00Z, got "yesterday"'],
    [['redrive', 'a', '--nope'], "Unknown option '--nope'"],
  ])('%j is refused', (argv, message) => {
    expect(() => readArguments(argv)).toThrow(message);
  });
});
