/** `bide output`: what a job has emitted, and with --follow what it goes on to emit. */
import type { ChunkBody } from '../../client/index.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { jobIdOf } from '../job-refs.ts';
import type { OptionTable } from '../option.ts';
import type { Terminal } from '../terminal/terminal.ts';

const OPTIONS = {
  follow: { kind: 'flag', short: 'f', help: 'go on until the job is over' },
  attempt: { kind: 'whole', min: 1, max: 1_000_000_000, value: 'N', help: 'only what this attempt emitted' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const output = defineCommand({
  name: 'output',
  summary: 'show what a job has emitted so far',
  description:
    'Strings as they are, one behind the other, and any other value as a line of JSON. Where another run of the job begins anew, a line on stderr says so. ' +
    'With --json the chunks as the server has them, one a line. ^C ends --follow, not the job.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: OPTIONS,
  examples: ['bide output ID', 'bide output ID --follow', 'bide output ID --json | jq -c .chunk'],
  run: showOutput,
});

async function showOutput({ values, env, args, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const filter = { attempt: values.attempt };
  const client = connect(values, env, { triesMax: 2 });
  const id = await jobIdOf(client, args[0] ?? '');
  const show = values.json ? (chunk: ChunkBody) => terminal.line(JSON.stringify(chunk)) : createDisplay(terminal);
  if (values.follow) {
    for await (const chunk of client.followOutput(id, filter)) show(chunk);
    return EXIT.succeeded;
  }
  for (let after = 0; ; ) {
    const { chunks, next } = await client.output(id, { ...filter, after });
    for (const chunk of chunks) show(chunk);
    if (chunks.length === 0) return EXIT.succeeded;
    after = next;
  }
}

function createDisplay(terminal: Terminal): (chunk: ChunkBody) => void {
  let latest: number | null = null;
  return ({ fence, attempt, chunk }) => {
    if (latest !== null && fence !== latest) terminal.note(`Attempt ${attempt} begins anew.`);
    latest = fence;
    const text = typeof chunk === 'string' ? chunk : `${JSON.stringify(chunk)}\n`;
    terminal.bytes(Buffer.from(terminal.isOutputLive ? harmless(text) : text));
  };
}

/** A control character that somebody's job emits could redraw the reader's screen. */
function harmless(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, ' ');
}
