import type { ConnectionSettings } from '../client-settings.js';
import { oauthBearer } from './oauth-bearer.js';

/**
 * How long before its end kafkajs renews a session, with the next request. Its default of 10 s would renew sessions
 * that are shorter with every request, and a broker refuses more than one renewal a second (KIP-368).
 */
const reauthenticationThresholdMs = 1_000;

/** The settings of a connection as kafkajs takes them, for all of its clients. */
export function kafkajsConnection(settings: ConnectionSettings) {
  return {
    brokers: settings.brokers,
    clientId: settings.clientId,
    ssl: settings.ssl,
    sasl: authentication(settings),
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    reauthenticationThreshold: reauthenticationThresholdMs,
  };
}

/** A copy: kafkajs adds to it. */
function authentication({ sasl, connectionTimeoutMs }: ConnectionSettings) {
  if (sasl?.mechanism !== 'oauthbearer') return sasl && { ...sasl };
  return oauthBearer(sasl.oauthBearerProvider, connectionTimeoutMs);
}
