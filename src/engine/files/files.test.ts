import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Fixture, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { BideError, type ErrorCode } from '../../core/errors.ts';
import type { StoredFile } from '../api.ts';
import { fileOwner } from './file-shelf.ts';

const FACTS = { name: 'lines.jsonl', purpose: 'batch' };

async function stored({ engine }: Fixture, pieces: readonly string[], over = {}): Promise<StoredFile> {
  const writer = await engine.files.open(TENANT);
  for (const piece of pieces) await writer.write(piece);
  return writer.end({ ...FACTS, ...over });
}

async function textOf({ engine }: Fixture, file: StoredFile): Promise<string> {
  const pieces: string[] = [];
  for await (const { text } of engine.files.texts(file)) pieces.push(text);
  return pieces.join('');
}

async function rejects(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(call, (error) => error instanceof BideError && error.code === code);
}

const ids = (files: readonly StoredFile[]) => files.map(({ id }) => id);

describe('files', () => {
  it('come back as they were written, in parts of bounded size, for their tenant alone', async () => {
    await using fixture = await openEngine();
    const pieces = Array.from({ length: 40 }, (_, at) => `${at} "ä𝄞\u0000\r\n`.repeat(5_000));
    const file = await stored(fixture, pieces);
    assert.equal(await textOf(fixture, file), pieces.join(''));
    assert.equal(file.bytes, Buffer.byteLength(pieces.join('')));
    const lengths: number[] = [];
    for await (const { text } of fixture.engine.files.texts(file)) lengths.push(text.length);
    assert.ok(lengths.length > 3 && Math.max(...lengths) < 400_000, lengths.join(' '));
    assert.deepEqual(await fixture.engine.files.read(TENANT, file.id), file);
    assert.equal(await fixture.engine.files.read('globex', file.id), null);
    assert.equal(await fixture.engine.files.remove('globex', file.id), false);
    await rejects(textOf(fixture, { ...file, tenant: 'globex' }), 'FILE_NOT_FOUND');
  });

  it('are read on from any place that was given', async () => {
    await using fixture = await openEngine();
    const all = Array.from({ length: 9 }, (_, at) => String(at).repeat(100_000)).join('');
    const file = await stored(fixture, [all.slice(0, 300_000), all.slice(300_000)]);
    const rest: string[] = [];
    for await (const { text } of fixture.engine.files.texts(file, { part: 1, offset: 10 })) rest.push(text);
    assert.equal(rest.join(''), all.slice(300_010));
  });

  it('are listed newest first, page by page, also behind one that is gone', async () => {
    await using fixture = await openEngine();
    const files: StoredFile[] = [];
    for (let at = 0; at < 5; at += 1) {
      await fixture.advance(10);
      files.unshift(await stored(fixture, ['x']));
    }
    const list = (after?: string) =>
      fixture.engine.files.list({ tenant: TENANT, limit: 2, ...(after === undefined ? {} : { after }) });
    assert.deepEqual(ids(await list()), ids(files.slice(0, 2)));
    assert.deepEqual(ids(await list(files[1]?.id)), ids(files.slice(2, 4)));
    assert.equal(await fixture.engine.files.remove(TENANT, files[1]?.id ?? ''), true);
    await fixture.advance(100);
    assert.deepEqual(ids(await list(files[1]?.id)), ids(files.slice(2, 4)));
    assert.deepEqual(await fixture.engine.files.list({ tenant: 'globex', limit: 9 }), []);
  });

  it('are not seen before their end, and all of what was begun goes: removed, expired, dropped or left behind', async () => {
    await using fixture = await openEngine();
    const long = 'x'.repeat(600_000);
    const removed = await stored(fixture, [long]);
    const expiring = await stored(fixture, [long], { retainMs: 3_600_000 });
    const dropped = await fixture.engine.files.open(TENANT);
    const left = await fixture.engine.files.open(TENANT);
    for (const writer of [dropped, left]) await writer.write(long);
    assert.equal((await fixture.engine.files.list({ tenant: TENANT, limit: 9 })).length, 2);
    assert.equal(await fixture.engine.files.read(TENANT, left.id), null);
    await dropped.drop();
    assert.equal(await fixture.engine.files.remove(TENANT, removed.id), true);
    assert.equal(await fixture.engine.files.remove(TENANT, removed.id), false);
    assert.equal(await fixture.engine.files.read(TENANT, removed.id), null);
    await fixture.advance(3_600_000);
    assert.equal(await fixture.engine.files.read(TENANT, expiring.id), null);
    await fixture.advance(3_700_000);
    assert.deepEqual(await fixture.store.documentUsage(fileOwner(TENANT)), { count: 0, bytes: 0 });
    await rejects(left.end(FACTS), 'FILE_NOT_FOUND');
  });

  it('have bounds: of one, of all of a tenant, and of their number; not of what Bide writes itself', async () => {
    const limits = { fileBytesMax: 400_000, fileBytesPerTenantMax: 1_048_576, filesPerTenantMax: 4 };
    await using fixture = await openEngine({ limits });
    const { files } = fixture.engine;
    await rejects(stored(fixture, ['x'.repeat(400_001)]), 'FILE_TOO_LARGE');
    for (let at = 0; at < 2; at += 1) await stored(fixture, ['x'.repeat(390_000)]);
    await rejects(stored(fixture, ['x'.repeat(390_000)]), 'TOO_MANY_FILES');
    await rejects(files.open(TENANT), 'TOO_MANY_FILES');
    const writer = await files.open(TENANT, '01970000-0000-7000-8000-000000000001');
    await writer.write('x'.repeat(2_000_000));
    assert.equal((await writer.end(FACTS)).bytes, 2_000_000);
    const other = await files.open('globex');
    await other.write('x');
    assert.equal((await other.end(FACTS)).tenant, 'globex');
  });
});
