import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Connection, type ConnectionOptions } from './connection.js';

/** The port of one broker: takes connections, refuses them for a time, cuts them. */
export class BrokerListener {
  private server?: Server;
  private opening?: Promise<void>;
  private refusing?: NodeJS.Timeout;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly options: ConnectionOptions) {}

  /** Takes connections: on a free port the first time, then on the same one. */
  open(): Promise<void> {
    clearTimeout(this.refusing);
    this.opening ??= this.listen();
    return this.opening;
  }

  /** Refuses new connections for a time in ms. Open ones stay. */
  async refuse(ms: number): Promise<void> {
    this.refusing = setTimeout(() => void this.open(), ms).unref();
    await this.stopListening();
  }

  /** Refuses new connections and cuts the open ones. */
  async close(): Promise<void> {
    clearTimeout(this.refusing);
    const closing = this.stopListening();
    for (const socket of this.sockets) socket.destroy();
    await closing;
  }

  private async listen(): Promise<void> {
    const { node } = this.options;
    const server = createServer((socket) => this.accept(socket));
    server.listen(node.port, node.host);
    await once(server, 'listening');
    this.server = server;
    node.port = (server.address() as AddressInfo).port;
  }

  private async stopListening(): Promise<void> {
    await this.opening;
    this.opening = undefined;
    // The port is closed at once; the server itself only when its last connection is.
    this.server?.close();
    this.server = undefined;
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    new Connection(socket, this.options);
  }
}
