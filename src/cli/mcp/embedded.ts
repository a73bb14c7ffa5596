/**
 * A server within `bide mcp`: nothing else has to run, and its jobs go on at the next start.
 *
 * It listens on a free port of this machine, for the messages that are passed on to it and for `bide list` and its like. It ends with the
 * input, as if by a signal: running jobs are given a second, and given back. stdout is messages alone: whatever a config or a handler prints goes to stderr.
 */
import type { Writable } from 'node:stream';
import type { Invocation } from '../command.ts';
import { CONNECTION_OPTIONS } from '../connection.ts';
import type { ExitCode } from '../exit-code.ts';
import { DATA_FOLDER, readAdminKey } from '../service/data-folder.ts';
import { listenFailure } from '../service/listen-failure.ts';
import { runService } from '../service/run-service.ts';
import { noteServer } from '../service/server-note.ts';
import { serviceNotes } from '../service/service-notes.ts';
import { logLevelOf, SERVICE_OPTIONS, serviceOptionsOf, warnOfPassword } from '../service/service-options.ts';
import { requireUsableFolder } from '../service/writable-folder.ts';
import { usageError } from '../usage-error.ts';
import { runBridge } from './bridge.ts';

export const MCP_OPTIONS = { ...CONNECTION_OPTIONS, ...SERVICE_OPTIONS };
type McpInvocation = Invocation<typeof MCP_OPTIONS>;

/** Once they have closed the input, clients send SIGTERM after 2 s and SIGKILL after 4 s. */
const LEFT_ALONE_MS = 1_000;
const HTTP = { host: '127.0.0.1', port: 0, hasDashboard: false } as const;

export async function serveEmbedded(invocation: McpInvocation): Promise<ExitCode> {
  const { terminal, onSignal, values } = invocation;
  const folder = values.data ?? DATA_FOLDER;
  const line = onlyWriter(terminal.output);
  const { app, notes } = await start(invocation, folder);
  const removeNote = await noteServer(app, folder);
  try {
    const key = keyOf(invocation, folder);
    if (key === undefined) {
      await app.stop({ force: AbortSignal.abort() });
      throw usageError(`There is no admin key in ${folder}: give a key of that database with --key or BIDE_KEY.`);
    }
    const bridged = runBridge({ url: `${app.url}/mcp`, key, input: terminal.input, line });
    const stop = ({ force }: { readonly force: AbortSignal }) =>
      app.stop({ force: terminal.input.readableEnded ? soon(force) : force });
    return await runService(
      { ...app, stop },
      {
        terminal: notes,
        onSignal(handle) {
          void bridged.catch(() => {}).then(() => handle('SIGTERM'));
          return onSignal(handle);
        },
      },
    );
  } finally {
    removeNote();
  }
}

async function start({ values, env, terminal }: McpInvocation, dataFolder: string) {
  const service = serviceOptionsOf(values, env);
  requireUsableFolder(dataFolder);
  const { createLogger, startApp } = await import('../../app.ts');
  const logger = createLogger(logLevelOf(values));
  const notes = serviceNotes(terminal, logger);
  warnOfPassword(values, notes);
  const app = await startApp({ ...service, dataFolder, http: HTTP, runsJobs: true, logger }).catch((error: unknown) => {
    throw listenFailure(error);
  });
  return { app, notes };
}

function keyOf({ values, env }: McpInvocation, folder: string): string | undefined {
  return values.key ?? (env.BIDE_KEY || undefined) ?? readAdminKey(folder) ?? undefined;
}

function soon(force: AbortSignal): AbortSignal {
  return AbortSignal.any([force, AbortSignal.timeout(LEFT_ALONE_MS)]);
}

/** From here on nobody else writes to it. Threads are covered as well: what they print goes through the stream of this one. */
function onlyWriter(output: Writable): (text: string) => void {
  const write = output.write.bind(output);
  output.write = process.stderr.write.bind(process.stderr);
  return (text) => void write(`${text}\n`);
}
