import { once } from 'node:events';
import { type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Node } from '../cluster/node.js';
import { Frames } from '../protocol/frames.js';
import { SaslSession, type SaslSettings } from '../sasl/sasl-session.js';
import { type Dispatcher } from './dispatcher.js';

/** Requests that may wait on one connection before no more of it is read. */
const MAX_WAITING = 16;

export interface ConnectionOptions {
  node: Node;
  dispatcher: Dispatcher;
  maxRequestBytes: number;
  sasl?: SaslSettings;
}

/** One client's connection. Requests are handled one after the other and answered in order, as Kafka does. */
export class Connection {
  private readonly frames: Frames;
  private readonly waiting: Buffer[] = [];
  private readonly gone = new AbortController();
  private readonly session: SaslSession;
  private busy = false;
  private muteMs = 0;

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.frames = new Frames(options.maxRequestBytes);
    this.session = new SaslSession(options.sasl);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk));
    // Whatever ends a connection ends in 'close'; a reset by the client is no news.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.gone.abort());
  }

  close(): void {
    this.socket.destroy();
    this.gone.abort();
  }

  private receive(chunk: Buffer): void {
    try {
      for (const frame of this.frames.push(chunk)) this.waiting.push(frame);
    } catch {
      return this.close();
    }
    if (this.waiting.length > MAX_WAITING) this.socket.pause();
    if (!this.busy) void this.work();
  }

  private async work(): Promise<void> {
    this.busy = true;
    try {
      await this.answerAll();
    } catch {
      // Not a request we can answer: like Kafka, say so by hanging up.
      this.close();
    }
    this.busy = false;
  }

  private async answerAll(): Promise<void> {
    for (let frame = this.waiting.shift(); frame; frame = this.waiting.shift()) {
      const answer = await this.options.dispatcher.answer(frame, this.caller());
      if (this.gone.signal.aborted) return;
      if (answer) await this.write(answer);
      await this.keepMute();
      if (this.waiting.length === 0) this.socket.resume();
    }
  }

  private async write(chunks: Buffer[]): Promise<void> {
    this.socket.cork();
    for (const chunk of chunks) this.socket.write(chunk);
    this.socket.uncork();
    if (this.socket.writableNeedDrain) await once(this.socket, 'drain', { signal: this.gone.signal });
  }

  private async keepMute(): Promise<void> {
    if (this.muteMs > 0) await sleep(this.muteMs, undefined, { signal: this.gone.signal, ref: false });
    this.muteMs = 0;
  }

  private caller() {
    return {
      node: this.options.node,
      clientHost: `/${this.socket.remoteAddress ?? ''}`,
      session: this.session,
      signal: this.gone.signal,
      mute: (ms: number) => void (this.muteMs = ms),
      close: () => this.close(),
    };
  }
}
