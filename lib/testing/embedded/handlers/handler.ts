import { type Node } from '../cluster/node.js';
import { type ApiName, type RequestOf, type ResponseOf } from '../protocol/apis.js';
import { Refusal } from '../protocol/errors.js';
import { refuse } from '../protocol/refusal.js';
import { type SaslSession } from '../sasl/sasl-session.js';

/** What a handler knows of a request beside its content. */
export interface Call {
  /** The broker that was asked. */
  readonly node: Node;
  readonly clientId: string;
  readonly clientHost: string;
  readonly session: SaslSession;

  /** Aborted when the connection is gone, so that nobody waits for an answer any more. */
  readonly signal: AbortSignal;

  /** Reads nothing more from the connection for a time in ms, once this is answered. */
  mute(ms: number): void;

  /** Closes the connection. */
  close(): void;
}

type Answer<A extends ApiName> = ResponseOf<A> | undefined;

/** Answers a request. Undefined is no answer at all; a {@link Refusal} thrown refuses everything asked for. */
export type Handler<A extends ApiName> = (request: RequestOf<A>, call: Call) => Answer<A> | Promise<Answer<A>>;

export type Handlers<A extends ApiName = ApiName> = { [N in A]: Handler<N> };

/** APIs that answer by topic and partition. */
export type PartitionedApi = {
  [A in ApiName]: ResponseOf<A> extends { topics: { partitions: { partition: number; errorCode: number }[] }[] }
    ? A
    : never;
}[ApiName];

type TopicsOf<A extends PartitionedApi> = Extract<ResponseOf<A>, { topics: unknown }>['topics'];
type EntryOf<A extends PartitionedApi> = TopicsOf<A>[number]['partitions'][number];
type Result<A extends PartitionedApi> = Omit<EntryOf<A>, 'partition' | 'errorCode'>;

/** Handles each partition asked for by itself: one that is refused does not keep the others from being served. */
export function perPartition<A extends PartitionedApi, P extends number | { partition: number }>(
  name: A,
  topics: readonly { topic: string; partitions: P[] }[],
  handle: (topic: string, partition: number, asked: P) => Result<A>,
): TopicsOf<A> {
  return topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((asked) => {
      const partition = typeof asked === 'number' ? asked : asked.partition;
      try {
        return { partition, errorCode: 0, ...handle(topic, partition, asked) };
      } catch (error) {
        return refusedPartition(name, topic, partition, error);
      }
    }),
  })) as TopicsOf<A>;
}

/** Handles each entry by itself; `describe` builds what is answered for one that is refused. */
export function perItem<I, R>(
  items: readonly I[],
  handle: (item: I) => R,
  describe: (item: I, error: Refusal) => R,
): R[] {
  return items.map((item) => {
    try {
      return handle(item);
    } catch (error) {
      return describe(item, asRefusal(error));
    }
  });
}

/** The refusal itself; anything else is a fault of ours and goes on up. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

function refusedPartition<A extends PartitionedApi>(name: A, topic: string, partition: number, error: unknown) {
  const request = { topics: [{ topic, partitions: [{ partition }] }] } as unknown as RequestOf<A>;
  const answer = refuse(name, request, asRefusal(error), 'items') as { topics: { partitions: unknown[] }[] };
  return answer.topics[0]?.partitions[0];
}
