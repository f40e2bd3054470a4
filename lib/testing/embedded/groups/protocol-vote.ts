import { type Member } from './member.js';

/** Names of the protocols that every member supports, in the order of the first member's preference. */
export function commonProtocols(members: readonly Member[]): string[] {
  const [first, ...others] = members;
  if (!first) return [];
  return first.protocols.map(({ name }) => name).filter((name) => others.every((member) => member.supports(name)));
}

/** The common protocol that most members prefer; the first member decides a draw. */
export function electProtocol(members: readonly Member[]): string {
  const candidates = commonProtocols(members);
  const votes = members.map((member) => member.protocols.find(({ name }) => candidates.includes(name))?.name);
  const count = (candidate: string) => votes.filter((vote) => vote === candidate).length;
  return candidates.reduce(
    (best, candidate) => (count(candidate) > count(best) ? candidate : best),
    candidates[0] ?? '',
  );
}
