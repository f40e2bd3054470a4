import { type Member } from './member.js';

/** Names of the protocols that every member supports, in the order of the first member's preference. */
export function commonProtocols(members: readonly Member[]): string[] {
  const [first, ...others] = members;
  if (!first) return [];
  return first.protocols.map(({ name }) => name).filter((name) => others.every((member) => member.supports(name)));
}

/**
 * The common protocol that most members prefer. A draw goes as in Kafka, which counts in a Java HashMap and takes the
 * first entry of the most votes: roundrobin before cooperative-sticky, whoever came first.
 */
export function electProtocol(members: readonly Member[]): string {
  const candidates = commonProtocols(members);
  const votes = members.map((member) => member.protocols.find(({ name }) => candidates.includes(name))?.name);
  const count = (candidate: string) => votes.filter((vote) => vote === candidate).length;
  const [elected = ''] = candidates.sort((a, b) => count(b) - count(a) || bucketOf(a) - bucketOf(b));
  return elected;
}

/** The place of a string in a HashMap of Java's smallest size. */
function bucketOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 16)) & 15;
}
