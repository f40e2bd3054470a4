import type { PublishWatcher } from './client/produce/publish-watcher.js';
import type { Watchers } from './recovery/watchers.js';

/** What measures and traces a connection. Asked for at its start; empty where there is nothing to measure with. */
export interface Telemetry extends Watchers {
  readonly publishing?: PublishWatcher | undefined;
}
