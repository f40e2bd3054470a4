import { type ResponseOf } from '../protocol/apis.js';
import { errorCodes, Refusal } from '../protocol/errors.js';
import { type Exchange, type Users } from './exchange.js';
import { plain } from './plain.js';
import { scram } from './scram.js';

/**
 * SASL mechanism, as Kafka names it.
 *
 * @publicApi
 */
export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

export interface SaslSettings {
  mechanisms: readonly SaslMechanism[];
  users: Users;
}

const EXCHANGES: Record<SaslMechanism, (users: Users) => Exchange> = {
  PLAIN: plain,
  'SCRAM-SHA-256': (users) => scram('sha256', users),
  'SCRAM-SHA-512': (users) => scram('sha512', users),
};

/** Authentication of one connection. Without settings there is none to do. */
export class SaslSession {
  private exchange?: Exchange;
  private passed: boolean;

  constructor(private readonly settings?: SaslSettings) {
    this.passed = !settings;
  }

  get isAuthenticated(): boolean {
    return this.passed;
  }

  /** Agrees on a mechanism. */
  handshake(mechanism: string): ResponseOf<'SaslHandshake'> {
    const mechanisms = [...(this.settings?.mechanisms ?? [])];
    const agreed = mechanisms.find((one) => one === mechanism);
    if (!agreed || !this.settings) return { errorCode: errorCodes.UNSUPPORTED_SASL_MECHANISM, mechanisms };
    this.exchange = EXCHANGES[agreed](this.settings.users);
    return { errorCode: errorCodes.NONE, mechanisms };
  }

  /** @throws Refusal `ILLEGAL_SASL_STATE` before the handshake, `SASL_AUTHENTICATION_FAILED` */
  authenticate(message: Buffer): Buffer {
    if (!this.exchange) throw new Refusal('ILLEGAL_SASL_STATE', 'expected a handshake first');
    const { answer, done } = this.exchange(message);
    if (done) {
      this.passed = true;
      this.exchange = undefined;
    }
    return answer;
  }
}
