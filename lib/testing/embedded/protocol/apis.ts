import { adminApis } from './apis/admin.apis.js';
import { type Api } from './apis/api.js';
import { groupApis } from './apis/group.apis.js';
import { recordApis } from './apis/records.apis.js';
import { sessionApis } from './apis/session.apis.js';
import { transactionApis } from './apis/transaction.apis.js';
import { type Value } from './codec.js';

/** Every API that is served: the one place that knows keys, versions and layouts. */
export const apis = { ...recordApis, ...groupApis, ...transactionApis, ...adminApis, ...sessionApis };

/**
 * Name of a Kafka API, as kafkajs and the protocol guide write it.
 *
 * @publicApi
 */
export type ApiName = keyof typeof apis;

export type RequestOf<A extends ApiName> = Value<(typeof apis)[A]['request']>;
export type ResponseOf<A extends ApiName> = Value<(typeof apis)[A]['response']>;

/** The row of an API, without the types of its fields. */
export function apiOf(name: ApiName): Api {
  return apis[name];
}

const byKey = new Map(Object.entries(apis).map(([name, { key }]) => [key, name as ApiName]));

/** The API of a key on the wire, if it is served. */
export function apiNameOf(key: number): ApiName | undefined {
  return byKey.get(key);
}

/** Whether a string names an API. */
export function isApiName(name: string): name is ApiName {
  return Object.hasOwn(apis, name);
}
