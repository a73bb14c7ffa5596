/** A server in the foreground: its options, its start, what it says, and its end by a signal. */
import { join } from 'node:path';
import type { App } from '../../app.ts';
import type { Invocation } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { DATA_FOLDER } from './data-folder.ts';
import { readEnvFile } from './env-file.ts';
import { listenFailure } from './listen-failure.ts';
import { runService } from './run-service.ts';
import { noteServer, reachable } from './server-note.ts';
import { serviceNotes } from './service-notes.ts';
import {
  adminKeyOf,
  dialectPortsOf,
  logLevelOf,
  publicUrlOf,
  SERVICE_OPTIONS,
  serviceOptionsOf,
  warnOfPassword,
} from './service-options.ts';
import { requireUsableFolder } from './writable-folder.ts';

export const SERVER_OPTIONS = {
  port: { kind: 'whole', min: 0, max: 65_535, value: 'PORT', help: 'port to listen on; 0 takes a free one (7070)' },
  host: { kind: 'text', value: 'HOST', help: 'address to listen on; 0.0.0.0 for all (127.0.0.1)' },
  data: { kind: 'text', value: 'FOLDER', help: `where everything is kept (${DATA_FOLDER})` },
  ...SERVICE_OPTIONS,
  'no-dashboard': { kind: 'flag', help: 'serve the API alone, without pages for a browser' },
  'no-work': { kind: 'flag', help: 'answer callers only, and leave the jobs to other processes' },
  'trust-clock': {
    kind: 'flag',
    help: "the machine's clock is right, however far ahead of the data folder: after a long rest, once",
  },
  'dialect-port': { kind: 'list', value: 'NAME=PORT', help: 'a port of its own for a dialect; may be repeated' },
  'public-url': { kind: 'text', value: 'URL', help: 'how callers reach the server, where a proxy stands in between' },
} as const satisfies OptionTable;

const NO_TYPES =
  'bide: there are no job types, so every submit is refused: write a bide.config.ts here, name one with --config, or try --playground';

export interface ServerRun {
  /** Whether the config is read again while it runs. */
  readonly reloads?: boolean;
  /** Once it listens; what it returns is called, and awaited, before it stops. */
  readonly whileServing?: (app: App) => () => Promise<void>;
}

/** Until a signal ends it. */
export async function serveUntilSignal(
  invocation: Invocation<typeof SERVER_OPTIONS>,
  { reloads = false, whileServing }: ServerRun = {},
): Promise<ExitCode> {
  const { values, env, terminal } = invocation;
  const data = values.data ?? DATA_FOLDER;
  const { app, logger } = await start(invocation, { dataFolder: data, reloads });
  const notes = serviceNotes(terminal, logger);
  const url = app.url ?? '';
  // What its operator chose is no news to them, and a log is read by more people than a file of mode 600.
  const shownKey = app.adminKey === adminKeyOf(env) ? null : app.adminKey;
  const removeNote = await noteServer(app, data);
  try {
    if (app.engine.types().length === 0) notes.note(NO_TYPES);
    // Before it says that it listens: whoever waits for that line may send a signal at once.
    const ended = runService(app, { ...invocation, terminal: notes });
    if (values.json) {
      terminal.line(JSON.stringify({ listening: url, dialects: app.dialectUrls, adminKey: shownKey }));
    } else {
      const keyFile = join(data, 'admin.key');
      if (shownKey !== null) terminal.line(`admin key ${shownKey} (shown this once, kept in ${keyFile})`);
      for (const [name, own] of Object.entries(app.dialectUrls)) terminal.line(`${name} on ${own}`);
      // At each start of who develops, and at the first one of a server: its log is kept, and read by more people.
      const signsIn = reloads ? app.heldKey : app.adminKey;
      const link = signsIn === null ? null : app.signInLink(signsIn);
      if (link !== null)
        terminal.line(`dashboard ${reachable(url)}${link} (signs in once, within 10 minutes, on this machine)`);
      terminal.line(`listening on ${url}`);
    }
    const stop = whileServing?.(app) ?? (async () => {});
    return await ended.finally(stop);
  } finally {
    removeNote();
  }
}

async function start(
  { values, env, terminal }: Invocation<typeof SERVER_OPTIONS>,
  { dataFolder, reloads }: { readonly dataFolder: string; readonly reloads: boolean },
) {
  const http = {
    host: values.host,
    port: values.port,
    publicUrl: publicUrlOf(values['public-url']),
    ...(values['no-dashboard'] ? { hasDashboard: false } : {}),
    dialectPorts: dialectPortsOf(values['dialect-port']),
  };
  readEnvFile(values);
  const service = serviceOptionsOf(values, env);
  requireUsableFolder(dataFolder);
  // Loaded here and not above: the other commands start in a fraction of the time without a server in memory.
  const { createLogger, startApp } = await import('../../app.ts');
  const logger = createLogger(logLevelOf(values));
  warnOfPassword(values, serviceNotes(terminal, logger));
  const options = {
    ...service,
    adminKey: adminKeyOf(env),
    dataFolder,
    http,
    runsJobs: !values['no-work'],
    trustsClock: values['trust-clock'],
    logger,
    reloads,
  };
  const app = await startApp(options).catch((error: unknown) => {
    throw listenFailure(error);
  });
  return { app, logger };
}
