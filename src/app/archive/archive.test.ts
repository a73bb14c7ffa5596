import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { groupOf } from '../../core/groups/group.ts';
import { sampleJob } from '../../core/sample-job.ts';
import type { Store, StoreRecord } from '../../store/contract.ts';
import { archiveOf, openArchive } from './archive.ts';
import { readRecord, recordLine } from './record-lines.ts';

const JOB = sampleJob({ state: 'succeeded', finishedAt: 5, result: { contentType: 'text/plain', bytes: 3 } });
const RECORD: StoreRecord = {
  kind: 'job',
  job: JOB,
  input: '{"a": "\ud800\0"}',
  result: { contentType: 'text/plain', bytes: Uint8Array.from([0, 255, 10]) },
  logs: [
    { stream: 'log', offset: 33, fence: 1, attempt: 1, at: 1, level: 'debug', line: '\0', fields: null },
    { stream: 'log', offset: 70, fence: 0, attempt: 0, at: 2, level: 'error', line: '\ud800', fields: '{"a":1}' },
    { stream: 'output', offset: 40, fence: 1, attempt: 1, at: 3, level: 'info', line: '[1.50]', fields: null },
  ],
};
const DELIVERY: StoreRecord = {
  kind: 'delivery',
  delivery: {
    ...{ tenant: 't', jobId: JOB.id, revision: 1, event: 'job.failed', endpointId: null, url: 'u', lane: 63 },
    ...{ origin: { dialect: 'd', data: [] }, headers: { a: '\0' }, body: '\0', at: 1, dueAt: 2, attempt: 1, fence: 1 },
    firstTriedAt: 1,
    tries: [{ at: 1, durationMs: 0.5, status: 500, error: null, answer: '\ud800' }],
  },
};
const GROUP = groupOf({
  id: JOB.id,
  tenant: 't',
  createdAt: 1,
  retainMs: 2,
  followUps: { always: { type: 'echo', jobId: null } },
  idempotencyKey: '\0',
  requestHash: 'h',
});
const RECORDS: readonly StoreRecord[] = [
  { kind: 'counter', number: 7, position: 3 },
  {
    kind: 'key',
    key: { id: 'k', tenant: 't', name: 'n', scopes: ['read'], hash: 'h', createdAt: 1, revokedAt: null, expiresAt: 9 },
  },
  {
    kind: 'document',
    document: { tenant: 't', kind: 'k', name: '\0', data: { a: [1] }, revision: 1, createdAt: 1, dueAt: 5 },
  },
  {
    kind: 'limit',
    limit: {
      tenant: 't',
      key: 'c',
      bounds: { concurrency: 3, rate: { count: 1, perMs: 2 } },
      isKept: true,
      closedUntil: 9,
      starts: [[1, 2]],
    },
  },
  DELIVERY,
  { kind: 'event', event: { position: 4, kind: 'changed', at: 1, job: JOB } },
  { kind: 'group', group: GROUP, followUps: {} },
  { kind: 'member', member: { group: GROUP.id, number: 1, state: 'failed' } },
  { kind: 'tombstone', tombstone: { id: JOB.id, number: 2, tenant: 't', goneAt: 1, goneUntil: 2 } },
  RECORD,
];

function storeOf(batches: readonly (readonly StoreRecord[])[]): Store {
  const store: Pick<Store, 'facts' | 'dump'> = {
    facts: { engine: 'sqlite', isShared: false, hasHints: false },
    async *dump() {
      yield* batches;
    },
  };
  return store as Store;
}

async function textOf(records: readonly StoreRecord[]): Promise<string> {
  return (await allOf(archiveOf(storeOf([records]), 1, () => {}))).join('');
}

async function allOf<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* cutInto(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function recordsIn(text: string | Uint8Array, size = 7): Promise<readonly StoreRecord[]> {
  const archive = await openArchive(cutInto(typeof text === 'string' ? Buffer.from(text) : text, size));
  return allOf(archive.records);
}

/** What `change` makes of the record as JSON. */
function changed(record: StoreRecord, change: (value: Record<string, Record<string, unknown>>) => void): string {
  const value = JSON.parse(recordLine(record)) as Record<string, Record<string, unknown>>;
  change(value);
  const read = readRecord(value);
  return read.kind === 'wrong' ? read.what : 'taken';
}

describe('an archive', () => {
  test('has the records that it was made of, however it is cut on the way', async () => {
    const text = await textOf(RECORDS);
    assert.match(text, /^\{"kind":"bide-export","version":1,"engine":"sqlite","at":1\}\n/);
    assert.match(
      text,
      /\n\{"kind":"end","counts":\{"counter":1,"key":1,"document":1,"limit":1,"delivery":1,"event":1,"group":1,"member":1,"tombstone":1,"job":1\}\}\n$/,
    );
    for (const size of [1, 7, 100_000]) assert.deepEqual(await recordsIn(text, size), RECORDS);
    assert.deepEqual(await recordsIn(text.trimEnd()), RECORDS);
  });

  test('keeps any bytes and any text', async () => {
    const anyText = fc.string({ unit: 'binary' });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), anyText, fc.jsonValue(), async (bytes, text, data) => {
        const job = sampleJob({
          ...JOB,
          tags: { [text]: text },
          result: { contentType: text, bytes: bytes.byteLength },
        });
        const whole: StoreRecord = { ...RECORD, job, input: text, result: { contentType: text, bytes } } as StoreRecord;
        const document = {
          tenant: text,
          kind: text,
          name: text,
          data: JSON.parse(JSON.stringify(data)),
          revision: 1,
          createdAt: 1,
          dueAt: null,
        };
        const records: readonly StoreRecord[] = [whole, { kind: 'document', document }];
        assert.deepEqual(await recordsIn(await textOf(records)), records);
      }),
    );
  });

  test('that was cut off anywhere is refused, and none of its whole lines is lost', async () => {
    const bytes = Buffer.from(await textOf(RECORDS));
    for (let length = 0; length < bytes.byteLength - 1; length += 13) {
      const seen: StoreRecord[] = [];
      const reading = async () => {
        const archive = await openArchive(cutInto(bytes.subarray(0, length), 64));
        for await (const record of archive.records) seen.push(record);
      };
      await assert.rejects(reading, { code: 'ARCHIVE_INVALID' }, `${length} bytes`);
      assert.deepEqual(seen, RECORDS.slice(0, seen.length));
    }
  });

  test('keeps the trace of a job, and is refused where it is none that a header may have', () => {
    const read = (trace: unknown) => {
      const line = recordLine({ ...RECORD, job: { ...JOB, terms: { trace } } } as StoreRecord);
      return readRecord(JSON.parse(line));
    };
    const trace = { parent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, state: 'a=1' };
    const { kind, record } = read(trace) as { kind: string; record: typeof RECORD & { kind: 'job' } };
    assert.deepEqual([kind, record.job.terms], ['record', { trace }]);
    const what = 'is wrong: job.terms.trace is no trace context';
    assert.deepEqual(read({ parent: 'x\r\ny: z' }), { kind: 'wrong', what });
  });

  test('that is not UTF-8 is refused by its line', async () => {
    const bytes = Buffer.from((await textOf(RECORDS)).replace('"n"', '"?"'));
    bytes[bytes.indexOf('?')] = 0xff;
    await assert.rejects(recordsIn(bytes), { message: 'Line 3 of the archive is not UTF-8.' });
  });
});

describe('readRecord', () => {
  test('says what is wrong, and where', () => {
    const cases: readonly (readonly [string, Parameters<typeof changed>[1]])[] = [
      ['job.tenant is missing', (value) => delete value.job?.tenant],
      ['job.more is not known', (value) => Object.assign(value.job ?? {}, { more: 1 })],
      ['more is not known', (value) => Object.assign(value, { more: 1 })],
      ['job.id is no job id', (value) => Object.assign(value.job ?? {}, { id: '7' })],
      ['job.revision is no whole number from 0 on', (value) => Object.assign(value.job ?? {}, { revision: 1.5 })],
      ['job.priority is no whole number of 32 bits', (value) => Object.assign(value.job ?? {}, { priority: 2 ** 31 })],
      ['job.tags["a"] is no text', (value) => Object.assign(value.job ?? {}, { tags: { a: 1 } })],
      ['job.retry is no object', (value) => Object.assign(value.job ?? {}, { retry: null })],
      [
        'job.finishedAt does not go with the state succeeded',
        (value) => Object.assign(value.job ?? {}, { finishedAt: null }),
      ],
      [
        'job.leaseUntil does not go with the state succeeded',
        (value) => Object.assign(value.job ?? {}, { leaseUntil: 1 }),
      ],
      ['result.base64 is no base64', (value) => Object.assign(value.result ?? {}, { base64: 'AA=' })],
      [
        'its result is not the one that job.result describes',
        (value) => Object.assign(value.result ?? {}, { base64: 'AAAA' + 'AAAA' }),
      ],
      [
        'logs[1].level is none of debug, info, warn, error',
        (value) => Object.assign(value.logs?.[1] ?? {}, { level: 'loud' }),
      ],
    ];
    for (const fields of ['{', '[]', '1'])
      assert.equal(
        changed(RECORD, (value) => Object.assign(value.logs?.[0] ?? {}, { fields })),
        'is wrong: logs[0].fields is no JSON object as text',
      );
    for (const [what, more] of [
      ['delivery.url is no text', { url: null }],
      ['delivery.headers["a"] is no text', { headers: { a: 1 } }],
      ['delivery.tries[0].at is missing', { tries: [{}] }],
    ] as const)
      assert.equal(
        changed(DELIVERY, (value) => Object.assign(value.delivery ?? {}, more)),
        `is wrong: ${what}`,
      );
    for (const [what, change] of cases) assert.equal(changed(RECORD, change), `is wrong: ${what}`);
    assert.equal(
      changed(RECORD, () => {}),
      'taken',
    );
  });

  test('takes base64 and nothing that only looks like it', () => {
    const read = (base64: string, bytes: number) =>
      changed({ ...RECORD, job: { ...JOB, result: { contentType: 'text/plain', bytes } } } as StoreRecord, (value) =>
        Object.assign(value.result ?? {}, { base64 }),
      );
    for (const [base64, bytes] of [
      ['', 0],
      ['AA==', 1],
      ['AAA=', 2],
      ['A+/z', 3],
      ['A'.repeat(40_000_000), 30_000_000],
    ] as const) {
      assert.equal(read(base64, bytes), 'taken');
    }
    for (const base64 of ['A', 'A===', '=AAA', 'AA=A', 'AA-_', 'A A=', 'AAA\n']) {
      assert.equal(read(base64, 3), 'is wrong: result.base64 is no base64', base64);
    }
  });

  test('takes no kind that it does not know', () => {
    for (const value of [null, 1, [], {}, { kind: 'end' }, { kind: 'toString' }]) {
      assert.equal(readRecord(value).kind, 'wrong', JSON.stringify(value));
    }
  });
});
