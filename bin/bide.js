#!/usr/bin/env node
/**
 * The launcher: plain JavaScript, so that it runs on Node 20 and later, where Bide itself needs Node 24.
 *
 * On a new enough Node it starts the CLI in its own process. Else it looks for the `node` package, which brings a newer Node
 * through npm, and runs itself again in a child of that: signals go down, the exit code or the ending signal comes up. The child
 * watches the channel to this process (src/cli/main.ts) and dies when the launcher is killed, so that `kill -9` of the launcher
 * leaves no server behind that still holds the lock of its data folder.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_MAJOR_MIN = 24;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));

/** The sources in a checkout, the built files in an installed package: Node strips no types below node_modules. */
function entryPoint() {
  const source = join(root, 'src/cli/main.ts');
  const isInstalled = root.split(/[\\/]/).includes('node_modules');
  return !isInstalled && existsSync(source) ? source : join(root, 'dist/cli/main.js');
}

/** The binary of the `node` package beside this one, or null. */
function nodeOfPackage() {
  try {
    const manifest = nodeModule.createRequire(import.meta.url).resolve('node/package.json');
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

async function runHere() {
  const entry = entryPoint();
  if (!existsSync(entry)) fail(`${entry} is missing: install the package again, or run \`npm run build\`.`);
  // Stripping the types of a few hundred files takes two thirds of a start (220 ms of CPU for `bide version`, 60 ms from the cache).
  // Beside the dependencies and not in the temporary folder, where somebody else could leave code to run.
  if (entry.endsWith('.ts')) cacheCode(join(root, 'node_modules/.cache/bide'));
  await import(pathToFileURL(entry).href);
}

/** Threads take it from the environment alone: without it each of them strips its files again, 160 ms of CPU for the store's. */
function cacheCode(folder) {
  process.env.NODE_COMPILE_CACHE ??= folder;
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

function runInChild(binary) {
  const child = spawn(binary, [...process.execArgv, self, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, BIDE_LAUNCHER_PID: String(process.pid) },
  });
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  child.on('error', (error) => fail(`cannot run ${binary}: ${error.message}`));
  child.on('exit', (code, signal) => {
    for (const name of FORWARDED) process.off(name, forward);
    if (signal === null) process.exit(code ?? 1);
    process.kill(process.pid, signal);
    // A signal that does not end this process (whoever started it had it ignored) still ends in the code a shell would give.
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
  });
}

function fail(message) {
  process.stderr.write(`bide: ${message}\n`);
  process.exit(2);
}

/** Needs nothing that an older Node lacks: it makes a project, which then brings the newer Node as a dependency. */
const FOR_ANY_NODE = ['init'];

const isOld = Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN;
const binary = isOld && process.env.BIDE_LAUNCHER_PID === undefined ? nodeOfPackage() : null;
const isForAny = FOR_ANY_NODE.includes(process.argv[2] ?? '') && entryPoint().endsWith('.js');

if (!isOld || (binary === null && isForAny)) await runHere();
else if (binary !== null) runInChild(binary);
else {
  const hint = `Install it, or run \`npm install node@${NODE_MAJOR_MIN}\` beside bide.`;
  fail(`Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.versions.node}. ${hint}`);
}
