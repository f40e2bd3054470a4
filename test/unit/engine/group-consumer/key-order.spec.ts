import { afterEach, describe, expect, it } from '@jest/globals';
import { ConsumingApplication, everythingDue, soon } from '../../../support/consuming-application.js';
import { record } from '../../../support/records.js';

const keyed = (offset: number, key: string) => record({ offset, key: Buffer.from(key) });

describe('A group consumer in order of keys', () => {
  let app: ConsumingApplication;

  afterEach(async () => {
    for (const { end } of app.calls) end.resolve(undefined);
    await app.consumer.stop();
  });

  it('handles nothing again of what was done above an open record when the partition was given up', async () => {
    app = ConsumingApplication.consuming([0], { handler: { order: 'key' } });
    const records = ['a', 'b', 'c'].map((key, offset) => keyed(offset, key));
    app.client.deliverRecords(records);
    await app.handled('orders-0@1', 'orders-0@2');
    await app.client.revoke([0], 20);
    (await app.handling('orders-0@0')).end.reject(new Error('aborted'));
    const committed = app.client.committed.get('orders-0')!;
    expect(committed.offset).toBe(0);

    app.client.assignPositions([committed]);
    app.client.deliverRecords([...records, keyed(3, 'd')]);
    await soon(() => app.places.length === 5);

    expect(app.places).toEqual(['orders-0@0', 'orders-0@1', 'orders-0@2', 'orders-0@0', 'orders-0@3']);
  });

  it('ignores metadata that is not its own', async () => {
    app = new ConsumingApplication({ handler: { order: 'key' } });
    void app.consumer.start();
    app.client.assignPositions([{ topic: 'orders', partition: 0, offset: 0, metadata: 'written by another tool' }]);

    app.client.deliverRecords([keyed(0, 'a')]);

    await app.handled('orders-0@0');
    await app.committed('orders-0@1');
  });

  it('with a commit for each record lets other keys go on while one waits for its commit', async () => {
    app = ConsumingApplication.consuming([0], { autoCommit: false, handler: { order: 'key' } });
    let answer: () => void = () => undefined;
    app.client.onCommit = () => new Promise((resolve) => (answer = resolve));
    app.client.deliverRecords([keyed(0, 'a'), keyed(1, 'a'), keyed(2, 'b')]);
    await app.handled('orders-0@0');
    await app.committed('orders-0@1');
    await app.handling('orders-0@2');
    await everythingDue();
    expect(app.places).toEqual(['orders-0@0', 'orders-0@2']);

    app.client.onCommit = () => Promise.resolve();
    answer();

    await app.handling('orders-0@1');
  });
});
