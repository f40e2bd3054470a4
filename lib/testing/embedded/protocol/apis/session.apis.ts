import { array, bytes, int16, int32, int64, nullableString, since, string, struct } from '../codec.js';
import { api } from './api.js';

/** What a connection begins with. */
export const sessionApis = {
  SaslHandshake: api(17, 1, struct({ mechanism: string }), struct({ errorCode: int16, mechanisms: array(string) })),
  ApiVersions: api(
    18,
    2,
    struct({}),
    struct({
      errorCode: int16,
      apis: array(struct({ key: int16, minVersion: int16, maxVersion: int16 })),
      throttleTimeMs: since(1, int32),
    }),
    { minVersion: 0 },
  ),
  SaslAuthenticate: api(
    36,
    1,
    struct({ bytes }),
    struct({ errorCode: int16, errorMessage: nullableString, bytes, sessionLifetimeMs: int64 }),
  ),
};
