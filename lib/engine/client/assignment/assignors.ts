import type { AssignorName } from '../client-settings.js';
import type { Assignor } from './assignor.js';
import { cooperativeStickyAssignor } from './cooperative-sticky-assignor.js';
import { roundRobinAssignor } from './round-robin-assignor.js';
import { stickyAssignor } from './sticky-assignor.js';

const assignors: Record<AssignorName, Assignor> = {
  'cooperative-sticky': cooperativeStickyAssignor,
  sticky: stickyAssignor,
  roundrobin: roundRobinAssignor,
};

/** The assignors of these names, in their order: the one a member prefers comes first. */
export function assignorsNamed(names: readonly AssignorName[]): Assignor[] {
  return names.map((name) => assignors[name]);
}
