import { describe, expect, it } from '@jest/globals';
import { classifierOf, classify } from '../../../../lib/engine/recovery/classify.js';
import { NonRetriableError, SkipMessageError } from '../../../../lib/messaging/errors.js';

class Declined extends Error {}
class Expired extends Declined {}

describe('A classifier', () => {
  it('is the standard one where nothing is set', () => {
    expect(classifierOf(undefined)).toBe(classify);
  });

  it('gives up on what is of a listed class, or below it', () => {
    const classifier = classifierOf(undefined, [Declined]);

    expect(classifier(new Declined())).toBe('give-up');
    expect(classifier(new Expired())).toBe('give-up');
    expect(classifier(new Error())).toBe('retry');
    expect(classifier('Declined')).toBe('retry');
  });

  it('takes Error itself for a class, and a function for a predicate', () => {
    expect(classifierOf(undefined, [Error])(new TypeError())).toBe('give-up');
    expect(classifierOf(undefined, [(error) => error === 'no'])('no')).toBe('give-up');
    expect(classifierOf(undefined, [(error) => error === 'no'])('yes')).toBe('retry');
  });

  it('takes a class that is no error for one, too', () => {
    class Refusal {}

    expect(classifierOf(undefined, [Refusal as never])(new Refusal())).toBe('give-up');
    expect(classifierOf(undefined, [Refusal as never])(new Error())).toBe('retry');
  });

  it('takes only true for a yes', () => {
    expect(classifierOf(undefined, [() => 'yes' as never])(new Error())).toBe('retry');
  });

  it('keeps to the standard for what is not listed', () => {
    const classifier = classifierOf(undefined, [Declined]);

    expect(classifier(new SkipMessageError('old'))).toBe('skip');
    expect(classifier(new NonRetriableError('no'))).toBe('give-up');
  });

  it('gives the user’s own the first word, before list and standard', () => {
    const classifier = classifierOf((error) => (error instanceof Declined ? 'skip' : undefined), [Declined, Error]);

    expect(classifier(new Declined())).toBe('skip');
    expect(classifier(new Error())).toBe('give-up');
    expect(classifierOf(() => 'retry')(new NonRetriableError('no'))).toBe('retry');
    expect(classifierOf(() => 'give-up')(new Error())).toBe('give-up');
  });

  it('goes on without those that throw or say what means nothing', () => {
    const failing = (): never => {
      throw new Error('oops');
    };

    expect(classifierOf(failing)(new NonRetriableError('no'))).toBe('give-up');
    expect(classifierOf(() => 'drop' as never)(new Error())).toBe('retry');
    expect(classifierOf(undefined, [failing, Declined])(new Declined())).toBe('give-up');
    expect(classifierOf(undefined, [failing])(new Error())).toBe('retry');
  });
});
