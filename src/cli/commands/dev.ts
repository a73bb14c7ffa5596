/** `bide dev`: the server for who writes the config, which is read again whenever it changes. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { App, Reloaded, Reloader } from '../../app.ts';
import { CONFIG_FILES } from '../../config/config-files.ts';
import { defineCommand } from '../command.ts';
import { SERVER_OPTIONS, serveUntilSignal } from '../service/serve-until-signal.ts';
import { watchFiles } from '../service/watch-files.ts';
import type { Terminal } from '../terminal/terminal.ts';

const ENV_FILE = '.env';

export const dev = defineCommand({
  name: 'dev',
  summary: 'start the server, and read the config again whenever it changes',
  description:
    'As `bide serve`, for one machine: it reads `.env` where there is one, and watches the config and what that imports of its project. After a change ' +
    'new jobs run the new code and those that run end on the old; held requests and the port stay. A config that cannot be used is told, and the one before goes on. ' +
    'Limits, dialects and settings of the server take a restart.',
  options: SERVER_OPTIONS,
  examples: ['bide dev', 'bide dev --port 8080 --config jobs/bide.config.ts'],
  run: (invocation) => {
    const { values, terminal } = invocation;
    const envFile = values['env-file'] ?? (existsSync(ENV_FILE) ? ENV_FILE : undefined);
    const withEnv = { ...invocation, values: { ...values, 'env-file': envFile } };
    return serveUntilSignal(withEnv, { reloads: true, whileServing: (app) => reloading(app, terminal) });
  },
});

function reloading({ reloader }: App, terminal: Terminal): () => Promise<void> {
  if (reloader === null) return async () => {};
  terminal.line(`watching ${watched(reloader)}`);
  const stopCatching = catching(reloader, terminal);
  const stopWatching = watchFiles({
    files: () => reloader.files(),
    async onChange() {
      const startedAt = performance.now();
      const outcome = await reloader.reload();
      if (outcome.kind !== 'ending') terminal.line(told(outcome, Math.round(performance.now() - startedAt)));
    },
    onTrouble: (error) => terminal.line(`not watching any more: ${error.message}; restart after a change`),
  });
  return () => stopWatching().finally(stopCatching);
}

/** What code of the config throws from a timer, or a promise that nobody awaits, is told: it must not end the jobs of the configs before and after. */
function catching(reloader: Reloader, terminal: Terminal): () => void {
  const onThrown = (error: unknown) => {
    if (!reloader.hasThrown(error)) throw error;
    const { stack = '' } = error as Error;
    terminal.line(`the config threw outside of its jobs: ${stack.replaceAll(/\?bide-dev=\d+/g, '')}`);
  };
  process.on('uncaughtException', onThrown);
  return () => void process.off('uncaughtException', onThrown);
}

function watched(reloader: Reloader): string {
  const [first, ...others] = reloader.files().filter(({ text }) => text !== null);
  if (first === undefined) return `for a ${CONFIG_FILES[0]}`;
  const imported =
    others.length === 0 ? '' : ` and ${others.length} ${others.length === 1 ? 'file' : 'files'} that it imports`;
  return `${basename(first.path)}${imported}`;
}

function told(outcome: Exclude<Reloaded, { kind: 'ending' }>, tookMs: number): string {
  if (outcome.kind === 'refused') return `not reloaded, the config before goes on: ${outcome.error.message}`;
  const { types, removed, running, needsRestart } = outcome;
  const parts = [
    `reloaded in ${tookMs} ms: ${types.join(', ') || 'no types'}`,
    ...(removed.length === 0 ? [] : [`removed: ${removed.join(', ')}`]),
    ...(running === 0 ? [] : [`${running} ${running === 1 ? 'job ends' : 'jobs end'} on the old code`]),
    ...(needsRestart.length === 0 ? [] : [`restart for: ${needsRestart.join(', ')}`]),
  ];
  return parts.join('; ');
}
