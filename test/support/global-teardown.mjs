import { brokers } from './global-setup.mjs';

export default async function stopBrokers() {
  await Promise.all(brokers.map((broker) => broker.stop()));
}
