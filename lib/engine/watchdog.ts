const checkMs = 1_000;

/**
 * Looks after something that should give a sign of life now and then. Two looks in a row count: after a blocked event
 * loop, signs that have arrived are read only after the first.
 *
 * @param silentMs milliseconds since the last sign
 * @param tooSilent called once
 * @returns ends the watch
 */
export function watch(silentMs: () => number, limitMs: number, tooSilent: () => void): () => void {
  let suspicious = false;
  const timer = setInterval(() => {
    const isSilent = silentMs() > limitMs;
    if (isSilent && suspicious) {
      clearInterval(timer);
      tooSilent();
    }
    suspicious = isSilent;
  }, checkMs);
  return () => clearInterval(timer);
}
