import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isPortTaken } from '../../../../lib/testing/apache-kafka.js';
import { freePorts } from '../../../../lib/testing/apache/free-ports.js';
import { jarsFolder } from '../../../../lib/testing/apache/jars.js';
import { javaCommand, javaMajorVersion, probeJava } from '../../../../lib/testing/apache/java.js';
import { TestBrokerError } from '../../../../lib/testing/test-broker.error.js';

describe('jarsFolder', () => {
  const home = resolve('/home/someone');
  const version = /^4\.1\.1-[0-9a-f]{8}$/;

  it.each([
    ['KAFKA_TEST_CACHE', { KAFKA_TEST_CACHE: resolve('/ci'), XDG_CACHE_HOME: resolve('/xdg') }, resolve('/ci')],
    ['XDG_CACHE_HOME', { XDG_CACHE_HOME: resolve('/xdg') }, resolve('/xdg/things-kit-kafka')],
    ['the home folder', {}, join(home, '.cache', 'things-kit-kafka')],
    ['the home folder, not a relative XDG_CACHE_HOME', { XDG_CACHE_HOME: 'x' }, join(home, '.cache/things-kit-kafka')],
  ])('is below %s', (_name, env, root) => {
    const folder = jarsFolder(env, home);
    expect(resolve(folder, '..')).toBe(root);
    expect(folder.slice(root.length + 1)).toMatch(version);
  });

  it('is another for the tools than for the broker', () => {
    const tools = jarsFolder({}, home, 'kafka-tools');
    expect(tools).not.toBe(jarsFolder({}, home));
    expect(tools.slice(tools.lastIndexOf('4.1.1'))).toMatch(version);
  });
});

describe('Java', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_392"', 8],
    ['openjdk version "26-ea" 2026-03-17', 26],
    ['command not found', undefined],
  ])('reads the version of %s', (output, major) => {
    expect(javaMajorVersion(output)).toBe(major);
  });

  it('is the one of JAVA_HOME, else the one of the PATH', () => {
    expect(javaCommand({ JAVA_HOME: '/jdk' })).toBe(join('/jdk', 'bin', 'java'));
    expect(javaCommand({})).toBe('java');
  });

  it('is reported missing when it does not run', async () => {
    const env = { JAVA_HOME: resolve('/no/such/jdk') };
    expect(await probeJava(env)).toEqual({ found: false, problem: expect.stringContaining('Java >= 17 is needed') });
  });
});

describe('freePorts', () => {
  it('finds different ports below the range of outgoing connections', async () => {
    const ports = await freePorts(6);
    expect(new Set(ports).size).toBe(6);
    for (const port of ports) expect(port).toBeLessThan(32_768);
  });
});

describe('isPortTaken', () => {
  it('tells a lost race for a port from other failures', () => {
    expect(isPortTaken(new TestBrokerError('x', { logTail: 'java.net.BindException: Address already in use' }))).toBe(
      true,
    );
    expect(isPortTaken(new TestBrokerError('x', { logTail: 'ClassNotFoundException' }))).toBe(false);
    expect(isPortTaken(new Error('Address already in use'))).toBe(false);
  });
});
