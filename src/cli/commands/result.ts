/** `bide result`: the bytes that a job returned, as they are. */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { JobResult, OpenResult } from '../../client/index.ts';
import { parseForPassingOn } from '../../core/exact-json.ts';
import { placeLasting } from '../../disk/lasting.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { jobIdOf } from '../job-refs.ts';
import type { OptionTable } from '../option.ts';
import { printResult } from '../terminal/result-output.ts';
import { usageError } from '../usage-error.ts';

const OPTIONS = {
  output: { kind: 'text', short: 'o', value: 'FILE', help: 'write to a file in place of stdout' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const result = defineCommand({
  name: 'result',
  summary: 'fetch what a job returned',
  description:
    'Without -o the bytes go to stdout as they are. With --json: one document with the content type, the size, and the result ' +
    'as JSON, as text or as base64.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: OPTIONS,
  examples: ['bide result ID | jq .rows', 'bide result ID -o report.pdf'],
  run: fetchResult,
});

async function fetchResult({ values, env, args, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const client = connect(values, env, { triesMax: 2 });
  const id = await jobIdOf(client, args[0] ?? '');
  // `-o -` is stdout, as everywhere.
  if (values.output !== undefined && values.output !== '-') {
    const open = await client.openResult(id);
    const bytes = await save(open, values.output);
    const facts = { id, contentType: open.contentType, bytes, file: values.output };
    if (values.json) terminal.line(JSON.stringify(facts));
    else terminal.note(`${bytes} bytes of ${open.contentType} in ${values.output}`);
  } else if (values.json) {
    terminal.line(JSON.stringify({ id, ...documentOf(await client.result(id)) }));
  } else {
    await printResult(await client.openResult(id), terminal);
  }
  return EXIT.succeeded;
}

/** Under a name of its own until it is whole: a broken connection leaves no half result. */
async function save({ body }: OpenResult, path: string): Promise<number> {
  const draft = `${path}.${process.pid}.part`;
  const file = createWriteStream(draft, { flags: 'wx' });
  try {
    await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), file);
    await placeLasting(draft, path);
    return file.bytesWritten;
  } catch (error) {
    await rm(draft, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw usageError(`The file ${path} cannot be written: ${code}.`);
  }
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

function documentOf({ contentType, bytes }: JobResult): object {
  const facts = { contentType, bytes: bytes.length };
  const text = textOf(bytes);
  if (text === null) return { ...facts, base64: Buffer.from(bytes).toString('base64') };
  return JSON_TYPE.test(contentType) ? { ...facts, result: parseForPassingOn(text) } : { ...facts, text };
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
