import { Refusal } from '../protocol/errors.js';
import { type Exchange, type Users } from './exchange.js';

/** RFC 4616: one message with an authorization id, the user name and the password. */
export function plain(users: Users): Exchange {
  return (message) => {
    const [, user = '', password] = message.toString('utf8').split('\0');
    if (password === undefined || !Object.hasOwn(users, user) || users[user] !== password) {
      throw new Refusal('SASL_AUTHENTICATION_FAILED', 'Authentication failed: Invalid username or password');
    }
    return { answer: Buffer.alloc(0), done: true };
  };
}
