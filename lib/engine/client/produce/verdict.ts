import { ErrorCode, isRetriable } from '../connection/protocol-errors.js';

/**
 * What follows for a batch from a broker's answer. `stored`: nothing more. `again`: it is sent once more as it was, to whoever
 * leads the partition then; it may be stored already. `renew`: it is not stored, for the broker has lost track of the producer's
 * sequence; it is sent again with another. `split`: it is not stored for the sake of some of its records. `refused`: for all of them.
 */
export type Verdict = 'stored' | 'again' | 'renew' | 'split' | 'refused';

const sequenceLost: readonly number[] = [
  ErrorCode.OutOfOrderSequenceNumber,
  ErrorCode.UnknownProducerId,
  ErrorCode.InvalidProducerEpoch,
];

/** Brokers refuse all records of a batch for one, and this version of the protocol does not tell which. */
const forSomeRecord: readonly number[] = [
  ErrorCode.MessageTooLarge,
  ErrorCode.RecordListTooLarge,
  ErrorCode.InvalidTimestamp,
  ErrorCode.InvalidRecord,
];

/** @param isTransactional then a lost sequence is the end of the transaction */
export function verdictOn(errorCode: number, records: number, isTransactional = false): Verdict {
  if (errorCode === ErrorCode.None) return 'stored';
  if (sequenceLost.includes(errorCode)) return isTransactional ? 'refused' : 'renew';
  if (isRetriable(errorCode)) return 'again';
  return records > 1 && forSomeRecord.includes(errorCode) ? 'split' : 'refused';
}

/** Whether the broker takes the producer for one that another has replaced. */
export function isFenced(errorCode: number): boolean {
  return errorCode === ErrorCode.InvalidProducerEpoch;
}
