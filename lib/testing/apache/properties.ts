/** One broker of a cluster: every node is broker and controller. */
export interface NodeLayout {
  id: number;
  port: number;
  controllerPort: number;
  dataFolder: string;
}

/** The `server.properties` of a node. `overrides` win. */
export function serverProperties(
  node: NodeLayout,
  cluster: readonly NodeLayout[],
  overrides: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...identity(node, cluster), ...replication(cluster.length), ...smallAndQuick(), ...overrides };
}

function identity(node: NodeLayout, cluster: readonly NodeLayout[]): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': cluster.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': node.dataFolder,
  };
}

/** As many replicas as there are brokers, up to Kafka's customary three, of which one may be missing. */
function replication(brokers: number): Record<string, string> {
  const replicas = String(Math.min(brokers, 3));
  const inSync = brokers >= 3 ? '2' : '1';
  return {
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
  };
}

function smallAndQuick(): Record<string, string> {
  return {
    'num.network.threads': '2',
    'num.io.threads': '2',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'log.cleaner.dedupe.buffer.size': '2097152', // 128 MB otherwise
    'group.initial.rebalance.delay.ms': '0', // 3 s otherwise, for each new group
    'auto.create.topics.enable': 'false',
  };
}

/** The text of a Java properties file, escaped as `java.util.Properties` reads it. */
export function renderProperties(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${escape(key).replace(/[\s:=#!]/g, '\\$&')}=${escape(value).replace(/^\s/, '\\$&')}\n`)
    .join('');
}

function escape(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replace(/[^\x20-\x7e\t]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
