import { describe, expect, it } from '@jest/globals';
import { renderProperties, serverProperties } from '../../../../lib/testing/apache/properties.js';

const node = (id: number) => ({ id, port: 20_000 + id, controllerPort: 21_000 + id, dataFolder: `/data-${id}` });

describe('serverProperties', () => {
  it('describes a single broker that is its own controller', () => {
    expect(serverProperties(node(1), [node(1)])).toMatchObject({
      'node.id': '1',
      'controller.quorum.voters': '1@127.0.0.1:21001',
      listeners: 'PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:21001',
      'advertised.listeners': 'PLAINTEXT://127.0.0.1:20001',
      'log.dirs': '/data-1',
      'default.replication.factor': '1',
      'min.insync.replicas': '1',
      'offsets.topic.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'auto.create.topics.enable': 'false',
      'group.initial.rebalance.delay.ms': '0',
    });
  });

  it('gives a cluster of three one quorum, three replicas and two in sync', () => {
    const cluster = [node(1), node(2), node(3)];
    expect(serverProperties(cluster[1]!, cluster)).toMatchObject({
      'node.id': '2',
      'controller.quorum.voters': '1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003',
      'default.replication.factor': '3',
      'min.insync.replicas': '2',
      'transaction.state.log.replication.factor': '3',
      'transaction.state.log.min.isr': '2',
    });
  });

  it('lets overrides win', () => {
    const properties = serverProperties(node(1), [node(1)], { 'auto.create.topics.enable': 'true', extra: 'x' });
    expect(properties).toMatchObject({ 'auto.create.topics.enable': 'true', extra: 'x' });
  });
});

describe('renderProperties', () => {
  it('writes a line for each', () => {
    expect(renderProperties({ 'node.id': '1', listeners: 'A://h:1,B://h:2' })).toBe(
      'node.id=1\nlisteners=A://h:1,B://h:2\n',
    );
  });

  it('escapes what a properties file would read otherwise', () => {
    expect(renderProperties({ 'a key:=': ' C:\\data\nö' })).toBe('a\\ key\\:\\==\\ C:\\\\data\\n\\u00f6\n');
  });
});
