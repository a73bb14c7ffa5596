/** `bide workers`: who is alive, and what each has in hand. */
import type { WorkerBody } from '../../client/index.ts';
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { shortDuration } from '../terminal/duration.ts';
import { printable } from '../terminal/printable.ts';
import { tableLines } from '../terminal/table.ts';

export const workers = defineCommand({
  name: 'workers',
  summary: 'list the processes and remote workers that are alive',
  description: 'RUNNING are jobs of your tenant; with an admin key those of all.',
  options: CONNECTION_OPTIONS,
  examples: ['bide workers', 'bide workers --json | jq -r .name'],
  async run({ values, env, terminal }) {
    const found = await connect(values, env, { triesMax: 2 }).workers();
    const lines = values.json
      ? found.map((worker) => JSON.stringify(worker))
      : workerLines(found, { columns: terminal.columns, nowMs: Date.now() });
    for (const line of lines) terminal.line(line);
    return EXIT.succeeded;
  },
});

/** What stays in sight beside the longest name. */
const OTHERS_WIDTH = 50;

function workerLines(
  workers: readonly WorkerBody[],
  { columns, nowMs }: { readonly columns: number; readonly nowMs: number },
): readonly string[] {
  return tableLines<WorkerBody>(
    [
      { head: 'WORKER', widthMax: Math.max(16, columns - OTHERS_WIDTH), text: ({ name }) => printable(name) },
      { head: 'KIND', widthMax: 6, text: ({ kind }) => kind },
      { head: 'VERSION', widthMax: 16, text: ({ version }) => printable(version ?? '-') },
      { head: 'RUNNING', widthMax: 7, text: ({ running }) => String(running) },
      { head: 'SLOTS', widthMax: 6, text: ({ slots }) => String(slots) },
      { head: 'SEEN', widthMax: 6, text: ({ seenAt }) => shortDuration(Math.max(0, nowMs - Date.parse(seenAt))) },
      { head: 'TYPES', widthMax: columns, text: ({ types }) => printable(types.map(({ name }) => name).join(', ')) },
    ],
    workers,
    columns,
  );
}
