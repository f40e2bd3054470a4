import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ApiName, apiOf, type RequestOf, type ResponseOf } from '../../../lib/testing/embedded/protocol/apis.js';
import { skipTags, string } from '../../../lib/testing/embedded/protocol/codec.js';
import { Frames } from '../../../lib/testing/embedded/protocol/frames.js';
import { Reader } from '../../../lib/testing/embedded/protocol/reader.js';
import { Writer } from '../../../lib/testing/embedded/protocol/writer.js';

/**
 * Sends single requests as they are, for what kafkajs does not let through: stale generations, repeated sequences,
 * wrong brokers. It encodes by EmbeddedKafka's own table, which a run against Apache Kafka thereby checks.
 */
export class WireClient {
  private readonly frames = new Frames(100_000_000);
  private readonly pending = new Map<number, (frame: Buffer) => void>();
  private correlationId = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      for (const frame of this.frames.push(chunk)) this.pending.get(frame.readInt32BE(0))?.(frame.subarray(4));
    });
    socket.on('error', () => socket.destroy());
  }

  static async connect(address: string): Promise<WireClient> {
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    return new WireClient(socket);
  }

  /** Rejects when the connection is closed in place of an answer. */
  async request<A extends ApiName>(api: A, request: RequestOf<A>): Promise<ResponseOf<A>> {
    const { maxVersion, flexibleFrom, response } = apiOf(api);
    const frame = await this.send(api, maxVersion, (to) => apiOf(api).request.write(to, request));
    const from = new Reader(frame, maxVersion, maxVersion >= flexibleFrom);
    if (from.isFlexible) skipTags(from);
    return response.read(from) as ResponseOf<A>;
  }

  /** Sends a request of any version with a body of one's own, and gives the answer's bytes. */
  send(api: ApiName, version: number, writeBody: (to: Writer) => void = () => undefined): Promise<Buffer> {
    const correlationId = ++this.correlationId;
    const header = new Writer();
    const to = new Writer(version, version >= apiOf(api).flexibleFrom);
    if (to.isFlexible) to.uvarint(0); // the tagged fields of the header
    header.int16(apiOf(api).key);
    header.int16(version);
    header.int32(correlationId);
    string.write(header, 'conformance');
    writeBody(to);
    const body = Buffer.concat([header.toBuffer(), to.toBuffer()]);
    const prefix = Buffer.alloc(4);
    prefix.writeInt32BE(body.length);
    this.socket.write(Buffer.concat([prefix, body]));
    return new Promise((resolve, reject) => {
      this.pending.set(correlationId, resolve);
      this.socket.once('close', () => reject(new Error(`connection closed in place of an answer to ${api}`)));
    });
  }

  close(): void {
    this.socket.destroy();
  }
}
