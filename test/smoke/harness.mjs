import { spawn } from 'node:child_process';
import { once } from 'node:events';

const counts = { passed: 0, failed: 0 };

/** Runs a check and prints its line; what it returns, if a string, is printed beside it. */
export async function check(name, run) {
  try {
    const note = await run();
    counts.passed++;
    console.log(`ok    ${name}${typeof note === 'string' ? ` (${note})` : ''}`);
  } catch (error) {
    counts.failed++;
    console.log(`FAIL  ${name}\n${indent(error.message)}`);
    process.exitCode = 1;
  }
}

/** Prints the last line. */
export function summarise() {
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
}

export function expect(condition, problem) {
  if (!condition) throw new Error(problem);
}

/** Runs a program to its end; its output. Fails when it exits with another code than 0, or not in time. */
export async function run(command, args, { cwd, env = {}, timeoutMs = 60_000 } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, NO_COLOR: '1', ...env }, timeout: timeoutMs });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code, signal] = await once(child, 'close');
  const how = signal ? `did not end within ${timeoutMs} ms` : `ended with ${code}`;
  expect(code === 0, `${command} ${args.join(' ')} ${how}:\n${output}`);
  return output;
}

export function node(args, options) {
  return run(process.execPath, args, options);
}

/** npm as it runs this script: found without a shell, also on Windows. */
export function npm(args, options) {
  const { npm_execpath: script } = process.env;
  return script ? node([script, ...args], options) : run('npm', args, options);
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}
