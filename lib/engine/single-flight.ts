/** Callers that come while the function runs share its result; the next call after that runs it again. */
export function singleFlight<T>(run: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => (underWay ??= run().finally(() => (underWay = undefined)));
}
