import { jest } from '@jest/globals';

/** What the process writes while the action runs, instead of writing it. */
export function captured(action: () => void): string {
  const written: string[] = [];
  const keep = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
  const spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation(keep));
  try {
    action();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written.join('');
}
