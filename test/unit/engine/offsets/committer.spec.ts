import { beforeEach, describe, expect, it } from '@jest/globals';
import { CommitFailedError } from '../../../../lib/engine/client/consumer-client.js';
import { Committer, type Committable } from '../../../../lib/engine/offsets/committer.js';
import { deferred, type Deferred } from '../../../support/deferred.js';
import { eventually } from '../../../support/eventually.js';
import { RecordingLogger } from '../../../support/recording-logger.js';

class Lane implements Committable {
  readonly topic = 'orders';
  readonly metadata: string = '';
  isOwned = true;

  constructor(
    readonly partition: number,
    public offset = 0,
  ) {}

  get completions(): number {
    return this.offset;
  }

  get position() {
    return { topic: 'orders', partition: this.partition, offset: this.offset };
  }
}

describe('Committer', () => {
  let lanes: Lane[];
  let requests: { positions: string[]; answer: Deferred }[];
  let logger: RecordingLogger;
  let committer: Committer<Lane>;

  beforeEach(() => {
    lanes = [new Lane(0), new Lane(1)];
    requests = [];
    logger = new RecordingLogger();
    committer = new Committer(
      () => lanes,
      (positions) => {
        const answer = deferred();
        requests.push({ positions: positions.map(({ partition, offset }) => `${partition}@${offset}`), answer });
        return answer.promise;
      },
      logger,
    );
    lanes.forEach((lane) => committer.startedAt(lane));
  });

  it('sends nothing while no lane has moved', async () => {
    expect(await committer.flush()).toBe(true);
    expect(requests).toEqual([]);
  });

  it('sends the lanes that have moved, and only them', async () => {
    lanes[1]!.offset = 5;

    await flushed();

    expect(sent()).toEqual([['1@5']]);
  });

  it('sends again only what the broker refused', async () => {
    lanes[0]!.offset = 5;
    lanes[1]!.offset = 6;
    const flush = committer.flush();
    await eventually(() => requests.length === 1);

    requests[0]!.answer.reject(new CommitFailedError('forbidden', [{ topic: 'orders', partition: 1 }]));

    expect(await flush).toBe(false);
    expect(lanes.map((lane) => committer.isDone(lane))).toEqual([true, false]);
    expect(logger.at('warn')).toEqual(['Commit of orders-1@6 failed, it is tried again: forbidden']);
    await flushed();
    expect(sent()).toEqual([['0@5', '1@6'], ['1@6']]);
  });

  it('sends a position once', async () => {
    lanes[0]!.offset = 5;
    await flushed();

    expect(await committer.flush()).toBe(true);

    expect(sent()).toEqual([['0@5']]);
  });

  it('has one request under way at a time', async () => {
    lanes[0]!.offset = 5;
    const first = committer.flush();
    await requestSent(1);

    lanes[0]!.offset = 6;
    const second = committer.flush();
    await settled(
      second.then(() => 'answered'),
      false,
    );
    expect(sent()).toEqual([['0@5']]);

    requests[0]!.answer.resolve();
    await first;
    await requestSent(2);
    requests[1]!.answer.resolve();

    expect(await second).toBe(true);
    expect(sent()).toEqual([['0@5'], ['0@6']]);
  });

  it('answers callers that wait together with one request, which has what was completed by then', async () => {
    lanes[0]!.offset = 5;
    const first = committer.flush();
    await requestSent(1);
    const waiting = [committer.flush(), committer.flush()];
    lanes[0]!.offset = 8;

    requests[0]!.answer.resolve();
    await first;
    await requestSent(2);
    requests[1]!.answer.resolve();

    expect(await Promise.all(waiting)).toEqual([true, true]);
    expect(sent()).toEqual([['0@5'], ['0@8']]);
  });

  it('keeps the positions of a failed request due, and says so', async () => {
    lanes[0]!.offset = 5;
    const failed = committer.flush();
    await requestSent(1);
    requests[0]!.answer.reject(new Error('coordinator moved'));

    expect(await failed).toBe(false);
    expect(logger.at('warn')).toEqual(['Commit of orders-0@5 failed, it is tried again: coordinator moved']);

    await flushed();
    expect(sent()).toEqual([['0@5'], ['0@5']]);
  });

  it('goes on after a failed request that others were waiting behind', async () => {
    lanes[0]!.offset = 5;
    const failed = committer.flush();
    await requestSent(1);
    const behind = committer.flush();
    requests[0]!.answer.reject(new Error('coordinator moved'));
    await failed;
    await requestSent(2);
    requests[1]!.answer.resolve();

    expect(await behind).toBe(true);
  });

  it('leaves out a lane that has lost its partition', async () => {
    lanes.forEach((lane) => (lane.offset = 5));
    lanes[0]!.isOwned = false;

    await flushed();

    expect(sent()).toEqual([['1@5']]);
  });

  it('leaves out a lane that has lost its partition while the request before was under way', async () => {
    lanes[0]!.offset = 5;
    const first = committer.flush();
    await requestSent(1);
    lanes[0]!.offset = 6;
    const second = committer.flush();
    lanes[0]!.isOwned = false;
    requests[0]!.answer.resolve();

    expect([await first, await second]).toEqual([true, true]);
    expect(sent()).toEqual([['0@5']]);
  });

  it('commits what is completed while a request is under way with the next one', async () => {
    lanes[0]!.offset = 5;
    const first = committer.flush();
    await requestSent(1);
    lanes[0]!.offset = 6;
    requests[0]!.answer.resolve();
    await first;

    await flushed();

    expect(sent()).toEqual([['0@5'], ['0@6']]);
  });

  it('takes a partition that was assigned again for a new one', async () => {
    lanes[0]!.offset = 5;
    await flushed();
    lanes[0] = new Lane(0, 5);
    committer.startedAt(lanes[0]);

    expect(await committer.flush()).toBe(true);
    expect(requests).toHaveLength(1);
  });

  const sent = () => requests.map(({ positions }) => positions);

  const requestSent = (count: number) => eventually(() => requests.length === count, { intervalMs: 1 });

  async function flushed(): Promise<void> {
    const count = requests.length + 1;
    const flush = committer.flush();
    await requestSent(count);
    requests.at(-1)!.answer.resolve();
    expect(await flush).toBe(true);
  }

  /** Lets everything that is due happen. */
  async function settled(promise: Promise<unknown>, expected: boolean): Promise<void> {
    const turn = new Promise((resolve) => setImmediate(() => resolve('not yet')));
    expect((await Promise.race([promise, turn])) !== 'not yet').toBe(expected);
  }
});
