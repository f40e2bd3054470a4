import { MessagingError } from '../messaging/errors.js';

/**
 * What a package that is not installed with this one exports.
 *
 * @throws MessagingError that names it when it is missing
 */
export async function optionalPackage<T>(name: string, format: string, load: () => Promise<unknown>): Promise<T> {
  try {
    const loaded = (await load()) as { default?: T };
    return loaded.default ?? (loaded as T);
  } catch (cause) {
    const reason = `${format} needs the package "${name}": npm install ${name}`;
    throw new MessagingError(`${reason} (${(cause as Error).message})`, { cause });
  }
}
