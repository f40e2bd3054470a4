import { describe, expect, it } from '@jest/globals';
import { assignorsNamed } from '../../../../../lib/engine/client/assignment/assignors.js';

describe('assignorsNamed', () => {
  it('finds assignors by their names, in their order', () => {
    const protocols = assignorsNamed(['roundrobin', 'sticky', 'cooperative-sticky']).flatMap(({ names }) => names);

    expect(protocols).toEqual(['roundrobin', 'RoundRobinAssigner', 'sticky', 'cooperative-sticky']);
  });

  it('finds each to be of its own kind: only one lets members go on while they rejoin', () => {
    expect(
      assignorsNamed(['cooperative-sticky', 'sticky', 'roundrobin']).map(({ cooperative }) => cooperative),
    ).toEqual([true, false, false]);
  });
});
