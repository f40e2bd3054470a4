#!/usr/bin/env node
import { Logger } from '@nestjs/common';
import { runRedriveCommand } from './redrive.command.js';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
Logger.overrideLogger(['error', 'warn']);

void runRedriveCommand(process.argv.slice(2), {
  env: process.env,
  print: (text) => void process.stdout.write(text),
  terminal: process.stderr,
  signal: stopping.signal,
}).then((code) => {
  process.exitCode = code;
});
