/** For logs: code of others may throw anything, also what cannot be turned into text. */
export function describeThrown(thrown: unknown): { text: string; stack?: string } {
  try {
    if (!(thrown instanceof Error)) return { text: String(thrown) };
    return { text: `${thrown.name}: ${thrown.message}`, stack: thrown.stack };
  } catch {
    return { text: 'something that cannot be printed' };
  }
}
