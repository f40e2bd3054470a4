import { broker } from './global-setup.mjs';

export default async function stopBroker() {
  await broker?.stop();
}
