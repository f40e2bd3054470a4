import { setTimeout as delay } from 'node:timers/promises';
import { found, missing, type Probe } from './probe.js';
import { TestBrokerError } from './test-broker.error.js';

/**
 * Confluent's image, as `@testcontainers/kafka` starts brokers by a script that `apache/kafka` does not have.
 * 8.1 holds Apache Kafka 4.1.
 */
const IMAGE = 'confluentinc/cp-kafka:8.1.0';
const PROBE_TIMEOUT_MS = 3_000;
const PORT = 9093;

/** Beyond what the package sets itself: it leaves the transaction log at three replicas. */
const ENVIRONMENT = {
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
};

/** Whether {@link startDockerKafka} can work here: the packages are installed and a container runtime answers. */
export async function probeDocker(timeoutMs = PROBE_TIMEOUT_MS): Promise<Probe> {
  try {
    const { getContainerRuntimeClient } = await load();
    const tooLate = delay(timeoutMs, undefined, { ref: false });
    if (await Promise.race([getContainerRuntimeClient(), tooLate])) return found('a container runtime answers');
    return missing(`no container runtime (such as Docker) answers within ${timeoutMs} ms`);
  } catch (error) {
    if (error instanceof TestBrokerError) return missing(error.message);
    return missing(`no container runtime (such as Docker) answers: ${(error as Error).message}`);
  }
}

/**
 * Starts Apache Kafka in a container. A container that is not stopped is removed by Testcontainers.
 *
 * @throws TestBrokerError when a package is missing or no container runtime answers
 */
export async function startDockerKafka(): Promise<{ brokers: string[]; stop: () => Promise<void> }> {
  const probe = await probeDocker();
  if (!probe.found) throw new TestBrokerError(`Kafka in a container cannot run here: ${probe.problem}`);
  const { KafkaContainer } = await load();
  const container = await new KafkaContainer(IMAGE).withKraft().withEnvironment(ENVIRONMENT).start();
  const stop = async () => void (await container.stop());
  return { brokers: [`${container.getHost()}:${container.getMappedPort(PORT)}`], stop };
}

/** Optional peers, loaded only when a container is wanted. */
async function load() {
  try {
    const [{ KafkaContainer }, { getContainerRuntimeClient }] = await Promise.all([
      import('@testcontainers/kafka'),
      import('testcontainers'),
    ]);
    return { KafkaContainer, getContainerRuntimeClient };
  } catch (error) {
    throw new TestBrokerError(
      'A Kafka in a container needs the packages @testcontainers/kafka and testcontainers (11.x on Node 20), ' +
        `which cannot be loaded: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
