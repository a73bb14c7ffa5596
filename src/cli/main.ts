/**
 * The program `bide`: connects the command line to the process it runs in.
 *
 * Started by the launcher (bin/bide.js) from an older Node, this process is a child that must not outlive it: the channel between
 * them closes when the launcher is killed, and then this process ends as if it had been killed itself.
 */
import process from 'node:process';
import type { Surroundings } from './command.ts';
import { runCli } from './run-cli.ts';
import { processTerminal } from './terminal/terminal.ts';

/** Enough for output to reach a slow reader, where writing to it does not wait. */
const LINGER_MS = 500;

followLauncher();
const surroundings: Surroundings = { terminal: processTerminal(), env: process.env, onSignal };
process.exitCode = await runCli(process.argv.slice(2), surroundings);
// What is done is done: a timer or a pool of connections that a config opened at its top must not keep the process alive.
setTimeout(() => process.exit(), LINGER_MS).unref();

function onSignal(handle: (signal: NodeJS.Signals) => void): () => void {
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return () => {
    process.off('SIGINT', handle);
    process.off('SIGTERM', handle);
  };
}

function followLauncher(): void {
  if (process.env.BIDE_LAUNCHER_PID === undefined) return;
  // Not for the programs that command jobs start.
  delete process.env.BIDE_LAUNCHER_PID;
  const end = () => process.kill(process.pid, 'SIGKILL');
  if (!process.connected) end();
  process.once('disconnect', end);
  // Listening alone must not keep a finished command alive.
  process.channel?.unref();
}
