/**
 * How messages are split into lanes, the queues of what is handled one after the other: one lane for all of a partition, one
 * for each key, or one for each message.
 *
 * @publicApi
 */
export type ProcessingOrder = 'partition' | 'key' | 'unordered';
