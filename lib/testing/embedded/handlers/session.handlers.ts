import { apis } from '../protocol/apis.js';
import { errorCodes } from '../protocol/errors.js';
import { asRefusal, type Handlers } from './handler.js';

type SessionApi = 'ApiVersions' | 'SaslHandshake' | 'SaslAuthenticate';

/** What a connection begins with. */
export function sessionHandlers(): Handlers<SessionApi> {
  return {
    ApiVersions: () => ({ errorCode: errorCodes.NONE, apis: servedVersions(), throttleTimeMs: 0 }),
    SaslHandshake: ({ mechanism }, { session }) => session.handshake(mechanism),
    SaslAuthenticate: ({ bytes }, { session }) => {
      try {
        return { errorCode: 0, errorMessage: null, bytes: session.authenticate(bytes), sessionLifetimeMs: 0 };
      } catch (error) {
        const { code, message } = asRefusal(error);
        return { errorCode: code, errorMessage: message, bytes: Buffer.alloc(0), sessionLifetimeMs: 0 };
      }
    },
  };
}

/** Every served API with its versions, for ApiVersions. */
export function servedVersions() {
  return Object.values(apis).map(({ key, minVersion, maxVersion }) => ({ key, minVersion, maxVersion }));
}
