/**
 * The real PgBouncer, where it is installed, in transaction mode before a test's server. `pooler.ts` is there everywhere and mixes
 * sessions harder; this one shows that what we believe of the real one is true.
 *
 * It runs under a shell that waits for the end of its input: however the test ends, the kernel closes that pipe, and the shell
 * ends PgBouncer by its pid. It refuses to run as root, and runs as the user of the test's server then.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pooler } from './pooler.ts';
import { freePort, NOBODY } from './server.ts';

const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];
const READY = 'process up';
/** The shell is told to end by the end of its input, and gives PgBouncer the signal that ends it at once. */
const UNTIL_INPUT_ENDS = '"$0" "$1" & bouncer=$!; read line; kill -TERM $bouncer; wait $bouncer';

/** Null where it is not installed. */
export function findPgbouncer(folders: readonly string[] = FOLDERS): string | null {
  for (const folder of folders.filter((one) => one !== '')) {
    const path = join(folder, 'pgbouncer');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return null;
}

/** @param serverUrl any database of the server: all of them can be reached through it, by the same user */
export async function startPgbouncer(binary: string, serverUrl: string, size: number): Promise<Pooler> {
  const folder = mkdtempSync(join(tmpdir(), 'bide-pgbouncer-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(file, settingsOf(new URL(serverUrl), port, size), { mode: 0o600 });
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : null;
  if (account !== null) for (const path of [folder, file]) chownSync(path, account.uid, account.gid);
  const child = spawn('/bin/sh', ['-c', UNTIL_INPUT_ENDS, binary, file], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'pipe'],
    ...(account ?? {}),
  });
  const exited = once(child, 'exit');
  await saidReady(child.stderr, exited);
  return {
    through(url) {
      const parsed = new URL(url);
      parsed.port = String(port);
      return parsed.href;
    },
    async end() {
      child.stdin.end();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function settingsOf({ hostname, port, username, password }: URL, ownPort: number, size: number): string {
  return `[databases]
* = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${size}
max_client_conn = 1000
`;
}

async function saidReady(stderr: NodeJS.ReadableStream, exited: Promise<unknown>): Promise<void> {
  let said = '';
  const ready = new Promise<void>((resolve) => {
    stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(READY)) resolve();
    });
  });
  const failed = exited.then(() => {
    throw new Error(`PgBouncer did not start: ${said}`);
  });
  await Promise.race([ready, failed]);
}
