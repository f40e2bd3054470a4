import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fifo } from '../../../lib/engine/fifo.js';

describe('Fifo', () => {
  it('behaves as an array does', () => {
    const steps = fc.array(fc.oneof(fc.nat(), fc.constant('shift' as const)), { maxLength: 1_000, size: 'max' });
    fc.assert(
      fc.property(steps, (all) => {
        const [fifo, model] = [new Fifo<number>(), [] as number[]];
        for (const step of all) {
          if (step === 'shift') expect(fifo.shift()).toBe(model.shift());
          else [fifo, model].forEach((queue) => queue.push(step));
          expect([fifo.length, fifo.first, fifo.last, fifo.at(1)]).toEqual([
            model.length,
            model[0],
            model.at(-1),
            model[1],
          ]);
        }
      }),
    );
  });

  it('keeps nothing of what has left it', () => {
    const fifo = Fifo.of(Array.from({ length: 1_000 }, (_, index) => index));
    for (let taken = 0; taken < 900; taken++) fifo.shift();

    expect(JSON.stringify(fifo).length).toBeLessThan(2_000);
    expect(fifo.first).toBe(900);
  });

  it('is empty once it is cleared', () => {
    const fifo = Fifo.of(['a', 'b']);

    fifo.clear();

    expect([fifo.length, fifo.first, fifo.last, fifo.shift()]).toEqual([0, undefined, undefined, undefined]);
  });
});
