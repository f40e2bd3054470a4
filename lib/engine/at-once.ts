/** Whether somebody who was asked for an answer has made a promise. What comes of it goes unheard, also if it is rejected. */
export function isPromise(answer: unknown): boolean {
  if (!(answer instanceof Promise)) return false;
  answer.catch(() => undefined);
  return true;
}
