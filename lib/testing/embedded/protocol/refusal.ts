import { apiOf, type ApiName, type RequestOf, type ResponseOf } from './apis.js';
import { type ArrayCodec, type Codec, type StructCodec } from './codec.js';
import { type Refusal } from './errors.js';

type Row = Record<string, unknown>;
type Layout = StructCodec<Record<string, Codec<unknown>>>;

/** Fields that say what an entry of an answer is about. */
const IDENTITY = new Set(['topic', 'partition', 'groupId', 'memberId', 'groupInstanceId', 'type', 'name']);

/**
 * The answer that refuses a whole request. Request and answer name their fields alike in the API table, so it mirrors
 * the request: an entry for every topic, partition or group asked for, each with the error; or one error for all and
 * no entries, where the answer has a place for that.
 *
 * @param place where the error goes if the answer has both places, by default where Kafka puts it
 */
export function refuse<A extends ApiName>(
  name: A,
  request: RequestOf<A>,
  refusal: Refusal,
  place: 'answer' | 'items' = apiOf(name).isItemError(refusal.reason) ? 'items' : 'answer',
): ResponseOf<A> {
  const answer = mirror(apiOf(name).response as Layout, request, refusal);
  return { ...inOnePlace(answer, place), ...refusal.fields } as ResponseOf<A>;
}

/** Keeps the error in one place where the answer has both. */
function inOnePlace(answer: Row, place: 'answer' | 'items'): Row {
  const entries = Object.keys(answer).find((field) => Array.isArray(answer[field]) && answer[field].length > 0);
  if (!('errorCode' in answer) || entries === undefined) return answer;
  return place === 'items' ? { ...answer, errorCode: 0 } : { ...answer, [entries]: [] };
}

function mirror(layout: Layout, asked: Row, refusal: Refusal): Row {
  const answer: Row = layout.blank();
  for (const [field, codec] of Object.entries(layout.fields)) {
    if (field === 'errorCode') answer[field] = refusal.code;
    else if (field === 'errorMessage') answer[field] = refusal.message;
    else if (Array.isArray(asked[field]) && isArrayOfStructs(codec)) {
      answer[field] = asked[field].map((entry) => mirror(codec.item, asRow(entry, codec.item), refusal));
    } else if (IDENTITY.has(field) && field in asked) answer[field] = asked[field];
  }
  return answer;
}

/** A plain topic name or partition number, as the struct that the answer has for it. */
function asRow(entry: unknown, layout: Layout): Row {
  if (typeof entry === 'object' && entry !== null) return entry as Row;
  const identity = Object.keys(layout.fields).find((field) => !field.startsWith('error'));
  return identity ? { [identity]: entry } : {};
}

function isArrayOfStructs(codec: Codec<unknown>): codec is ArrayCodec<unknown> & { item: Layout } {
  return 'item' in codec && 'fields' in (codec as ArrayCodec<unknown>).item;
}
