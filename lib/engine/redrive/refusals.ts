import { RecordTooLargeError, TopicNotWritableError, type OutgoingRecord } from '../client/record-publisher.js';

/** What a broker says to what cannot be written as it is. */
export type Refusal = RecordTooLargeError | TopicNotWritableError;

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof RecordTooLargeError || error instanceof TopicNotWritableError;
}

/** Finds out what of many records a broker refuses: alone, then compressed, then not at all. */
export class Refusals {
  private oneByOne = false;
  private compressed = false;

  /** Topics, and letters by their names, with the reason. */
  private readonly known = new Map<string, string>();

  /** Whether records are to be written alone. */
  get areSought(): boolean {
    return this.oneByOne;
  }

  /** Whether records are to be compressed. */
  get compress(): boolean {
    return this.compressed;
  }

  /** Why a letter for a topic cannot be written, if that is known. */
  reasonFor(topic: string, letter: string): string | undefined {
    return this.known.get(topic) ?? this.known.get(letter);
  }

  /** @param letter the name of the first record's, which is the only one when they are written alone */
  narrowDown(refusal: Refusal, record: OutgoingRecord, letter: string): void {
    if (!this.oneByOne) {
      this.oneByOne = true;
    } else if (refusal instanceof RecordTooLargeError && !this.compressed) {
      this.compressed = true;
    } else {
      this.known.set(refusal instanceof TopicNotWritableError ? record.topic : letter, refusal.message);
      this.oneByOne = this.compressed = false;
    }
  }
}
