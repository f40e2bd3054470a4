/** What was thrown, in words. */
export interface Thrown {
  /** Name and message. */
  text: string;

  /** The name of an error's class; of anything else, its type. */
  name: string;
  message: string;
  stack?: string | undefined;
}

/** For logs and headers: code of others may throw anything, also what cannot be turned into text. */
export function describeThrown(thrown: unknown): Thrown {
  try {
    if (!(thrown instanceof Error)) return { text: String(thrown), name: typeof thrown, message: String(thrown) };
    const name = String(thrown.name);
    const message = String(thrown.message);
    const { stack } = thrown;
    const className = name === 'Error' || name === '' ? String(thrown.constructor.name) : name;
    return {
      text: `${name}: ${message}`,
      name: className || 'Error', // a class may have no name
      message,
      stack: stack === undefined ? stack : String(stack),
    };
  } catch {
    return { text: unprintable, name: 'unknown', message: unprintable };
  }
}

const unprintable = 'something that cannot be printed';
