const CHANGE = 'Write the name or address of the broker, a colon and its port, usually 9092.';

/** What is wrong with a bootstrap server, as words for a fault; `undefined` for a legal `host:port`. */
export function brokerAddressFault(address: unknown): { expected: string; change: string } | undefined {
  if (typeof address !== 'string') return { expected: '"host:port"', change: CHANGE };
  if (address.includes('://') || address.includes('@')) {
    return { expected: '"host:port"', change: 'Leave out the scheme; credentials belong in sasl, TLS in ssl.' };
  }
  const [host = '', port, ...rest] = address.split(':');
  if (rest.length > 1) {
    return { expected: '"host:port"', change: 'kafkajs takes no IPv6 address here; give a name that resolves to it.' };
  }
  if (rest.length > 0 || !/^[A-Za-z0-9._-]+$/.test(host)) return { expected: '"host:port"', change: CHANGE };
  if (!port) return { expected: '"host:port"', change: 'Add the port, usually 9092.' };
  return isPort(port) ? undefined : { expected: 'a port from 1 to 65535', change: 'Correct the port, usually 9092.' };
}

function isPort(port: string): boolean {
  return /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
}
