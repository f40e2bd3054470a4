/** Bytes that are no Kafka request, or not the one their header announces. The connection they came on is closed. */
export class MalformedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedError';
  }
}
