import type { ConsumerClientListener } from './consumer-client.js';

/**
 * A listener whose errors go to the client, wherever they are thrown: most of what it is told comes from timers and sockets,
 * where nobody would catch them. A revocation is waited for, so its error has a way of its own.
 */
export function guarded(
  listener: ConsumerClientListener,
  failed: (error: unknown) => void,
): Readonly<ConsumerClientListener> {
  const guard =
    <Told extends unknown[]>(tell: (...told: Told) => void) =>
    (...told: Told): void => {
      try {
        tell(...told);
      } catch (error) {
        failed(error);
      }
    };
  return {
    assigned: guard((positions) => listener.assigned(positions)),
    records: guard((...batch) => listener.records(...batch)),
    repositioned: guard((position) => listener.repositioned(position)),
    prepare: (partition) => listener.prepare(partition),
    revoked: (partitions, drainMs) => listener.revoked(partitions, drainMs),
    lost: guard((partitions) => listener.lost(partitions)),
  };
}
