import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrphanGuard } from '../../../../lib/testing/apache/orphan-guard.js';
import { eventually } from '../../../support/eventually.js';

describe('OrphanGuard', () => {
  const idle = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  let orphan: ReturnType<typeof idle>;
  let forgotten: ReturnType<typeof idle>;

  beforeEach(() => {
    orphan = idle();
    forgotten = idle();
  });

  afterEach(() => {
    orphan.kill('SIGKILL');
    forgotten.kill('SIGKILL');
  });

  it('kills what it watches and removes its folder when its input ends, as it does when this process dies', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guard-'));
    const guard = await OrphanGuard.start();
    guard.watchFolder(folder);
    guard.watchProcess(orphan.pid!);
    guard.watchProcess(forgotten.pid!);
    guard.forgetProcess(forgotten.pid!);
    const killed = once(orphan, 'exit');
    guard.close();
    expect(await killed).toEqual([null, 'SIGKILL']);
    await eventually(() => !existsSync(folder));
    expect(forgotten.exitCode ?? forgotten.signalCode).toBeNull();
  });
});
