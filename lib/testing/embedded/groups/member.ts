import { Deferred } from '../deferred.js';
import { type RequestOf, type ResponseOf } from '../protocol/apis.js';

export type JoinRequest = RequestOf<'JoinGroup'>;
export type JoinResult = Pick<
  ResponseOf<'JoinGroup'>,
  'generationId' | 'protocolName' | 'leader' | 'memberId' | 'members'
>;

/** Who sent a request, as groups report it. */
export interface Client {
  clientId: string;
  clientHost: string;
}

/** One member of a group: what it asked for, what it got, and what it waits for. */
export class Member {
  sessionTimeoutMs = 0;
  rebalanceTimeoutMs = 0;
  protocols: JoinRequest['protocols'] = [];
  assignment: Buffer = Buffer.alloc(0);

  /** Set while the member waits for the others to join. */
  joining?: Deferred<JoinResult>;

  /** Set while the member waits for the leader's assignment. */
  syncing?: Deferred<Buffer>;

  /** Whether the member has asked for its assignment since the last join. */
  synced = false;

  private session?: NodeJS.Timeout;

  constructor(
    public id: string,
    readonly groupInstanceId: string | null,
    readonly client: Client,
    private readonly onSilence: (member: Member) => void,
  ) {}

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  get isWaiting(): boolean {
    return this.joining !== undefined || this.syncing !== undefined;
  }

  update({ sessionTimeoutMs, rebalanceTimeoutMs, protocols }: JoinRequest): void {
    clearTimeout(this.session);
    this.session = undefined;
    Object.assign(this, { sessionTimeoutMs, rebalanceTimeoutMs, protocols });
    this.touch();
  }

  /** Starts the session anew: the member was heard of. */
  touch(): void {
    if (this.session) this.session.refresh();
    else this.session = setTimeout(() => this.expire(), this.sessionTimeoutMs).unref();
  }

  /** Ends the session and every wait. */
  dismiss(reason: Error): void {
    this.answerJoin(reason);
    this.answerSync(reason);
    clearTimeout(this.session);
    this.session = undefined;
  }

  supports(protocol: string): boolean {
    return this.protocols.some(({ name }) => name === protocol);
  }

  metadataOf(protocol: string): Buffer {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? Buffer.alloc(0);
  }

  /** What the leader is told of the member. */
  describe(protocol: string): JoinResult['members'][number] {
    return { memberId: this.id, groupInstanceId: this.groupInstanceId, metadata: this.metadataOf(protocol) };
  }

  /** Whether a join repeats what the group knows already, so that nothing has to be assigned anew. */
  offersSame(protocols: JoinRequest['protocols']): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, i) => {
        const known = this.protocols[i];
        return known?.name === name && known.metadata.equals(metadata);
      })
    );
  }

  /** An earlier join that still waits is forgotten: Kafka never answers it. */
  waitForJoin(): Promise<JoinResult> {
    this.joining = new Deferred();
    return this.joining.promise;
  }

  /** An earlier request that still waits is forgotten: Kafka never answers it. */
  waitForSync(): Promise<Buffer> {
    this.syncing = new Deferred();
    return this.syncing.promise;
  }

  answerJoin(result: JoinResult | Error): void {
    settle(this.joining, result);
    this.joining = undefined;
  }

  /** The session starts anew, for none was kept up while the member waited. */
  answerSync(result: Buffer | Error): void {
    if (!this.syncing) return;
    settle(this.syncing, result);
    this.syncing = undefined;
    this.touch();
  }

  /** A member cannot send heartbeats while its connection is held by a join or sync: then silence is no absence. */
  private expire(): void {
    if (this.isWaiting) this.touch();
    else this.onSilence(this);
  }
}

function settle<T>(deferred: Deferred<T> | undefined, result: T | Error): void {
  if (result instanceof Error) deferred?.reject(result);
  else deferred?.resolve(result);
}
