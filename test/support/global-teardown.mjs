import { brokers } from './global-setup.mjs';

export default async function stopBroker(_globalConfig, { globals }) {
  await brokers.get(globals.brokerKind)?.stop();
}
