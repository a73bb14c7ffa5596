/** `bide audit`: what operators have done, newest first. */
import type { DeedBody } from '../../client/index.ts';
import { DEEDS, type DeedWord } from '../../core/deed.ts';
import { nearest } from '../../core/nearest.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { printable } from '../terminal/printable.ts';
import { usageError } from '../usage-error.ts';

const LINES = 50;
/** The server's default `listPageMax`. */
const PAGE = 500;

const OPTIONS = {
  deed: { kind: 'list', value: 'DEED', help: `only this; may be repeated (${DEEDS.join(', ')})` },
  within: { kind: 'duration', value: 'TIME', help: 'only of the last TIME, such as 7d' },
  limit: { kind: 'whole', min: 1, max: 1_000_000, value: 'N', help: `at most this many (${LINES})` },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const audit = defineCommand({
  name: 'audit',
  summary: 'show what operators have done',
  description:
    'Keys made and revoked, jobs removed or changed by the many, types paused: when, by which key, and how many.',
  options: OPTIONS,
  examples: ['bide audit', 'bide audit --deed bulk.remove --within 7d', 'bide audit --json | jq -r .by.keyName'],
  run: showAudit,
});

async function showAudit({ values, env, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const { within, limit = LINES } = values;
  const from = within === undefined ? undefined : new Date(Date.now() - within);
  const client = connect(values, env, { triesMax: 2 });
  let count = 0;
  for await (const deed of client.audit({ deeds: deedsOf(values.deed), from, pageSize: Math.min(limit, PAGE) })) {
    terminal.line(values.json ? JSON.stringify(deed) : deedLine(deed));
    count += 1;
    if (count === limit) break;
  }
  if (count === 0 && !values.json) terminal.note('Nothing.');
  return EXIT.succeeded;
}

function deedsOf(words: readonly string[]): readonly DeedWord[] {
  for (const word of words) {
    if ((DEEDS as readonly string[]).includes(word)) continue;
    const meant = nearest(word, DEEDS);
    const hint = meant === null ? '' : ` Did you mean ${meant}?`;
    throw usageError(`Option --deed takes one of ${DEEDS.join(', ')}, not ${word}.${hint}`);
  }
  return words as readonly DeedWord[];
}

function deedLine({ at, by, deed, target, count, request }: DeedBody): string {
  const words = [at, deed.padEnd(14), `${by.keyName} (${by.keyId})`];
  if (target !== null) words.push(target);
  if (count !== null) words.push(`${count} jobs`);
  if (request !== null) words.push(JSON.stringify(request));
  return printable(words.join('  '));
}
