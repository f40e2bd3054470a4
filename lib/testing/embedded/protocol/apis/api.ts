import { type Codec, type StructCodec } from '../codec.js';
import { type KafkaErrorName } from '../errors.js';

/** One row of the API table: the versions that are served and the layout of their requests and answers. */
export interface Api<Q = unknown, A = unknown> {
  readonly key: number;
  readonly minVersion: number;
  readonly maxVersion: number;

  /** The first version in the compact encoding with tagged fields (KIP-482). */
  readonly flexibleFrom: number;
  readonly request: Codec<Q>;
  readonly response: Codec<A>;

  /** Whether an error is told of each topic, partition or member, though the answer has room for one of its own. */
  readonly isItemError: (error: KafkaErrorName) => boolean;
}

interface Extras {
  minVersion?: number;
  flexibleFrom?: number;
  isItemError?: (error: KafkaErrorName) => boolean;
}

/** Declares an API. Minimum and maximum version are the same unless told otherwise, so that clients use exactly that one. */
export function api<Q extends Record<string, Codec<unknown>>, A extends Record<string, Codec<unknown>>>(
  key: number,
  version: number,
  request: StructCodec<Q>,
  response: StructCodec<A>,
  { minVersion = version, flexibleFrom = Infinity, isItemError = () => false }: Extras = {},
) {
  return { key, minVersion, maxVersion: version, flexibleFrom, request, response, isItemError };
}
