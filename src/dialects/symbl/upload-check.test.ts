import assert from 'node:assert/strict';
import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { openSymbl, type SymblRig } from '../../../test/dialects/symbl-rig.ts';
import { type Disk, systemDisk } from '../../disk/disk.ts';
import type { JobType } from '../../engine/api.ts';
import { createWorker, jsonOf, memberOf, TEST_TYPE } from '../contract-suite.ts';
import { symbl } from './index.ts';
import { register } from './routes.ts';

const MEDIA = Buffer.alloc(300_000, 7);

async function uploaded(rig: SymblRig) {
  const answer = await rig.upload(MEDIA);
  assert.equal(answer.status, 201, answer.text);
  const { jobId } = jsonOf(answer) as { jobId: string };
  const input = JSON.parse((await rig.engine.readInput(rig.tenant, jobId)) ?? '') as { file: string; sha256: string };
  return { jobId, ...input };
}

const DAMAGES: readonly (readonly [string, (file: string) => Promise<void>, RegExp])[] = [
  ['is empty, as after a power cut', (file) => truncate(file), /has 0 bytes of 300000/],
  ['is zeros of the same length', (file) => writeFile(file, Buffer.alloc(300_000)), /other bytes/],
  ['is gone', (file) => rm(file), /not there any more/],
];

describe('a job whose uploaded file', () => {
  for (const [what, damage, message] of DAMAGES) {
    it(`${what} fails with UPLOAD_DAMAGED, and no worker gets it`, async () => {
      const removed = Promise.withResolvers<void>();
      const disk: Disk = {
        ...systemDisk,
        remove: (path) => systemDisk.remove(path).finally(() => removed.resolve()),
      };
      const dialect = { ...symbl, register: (app: never, context: never) => register(app, context, disk) };
      const rig = await openSymbl({ dialect });
      try {
        const { jobId, file } = await uploaded(rig);
        await damage(file);
        await assert.rejects(createWorker(rig.engine, rig.tenant).claim(TEST_TYPE), /could be claimed/);
        assert.equal(memberOf(await rig.get(`/v1/job/${jobId}`), ['status']), 'failed');
        const [lookup] = await rig.engine.read(rig.tenant, [jobId]);
        const error = lookup?.kind === 'found' ? lookup.snapshot.job.error : null;
        assert.equal(error?.code, 'UPLOAD_DAMAGED');
        assert.match(error?.message ?? '', message);
        await removed.promise;
        assert.deepEqual(await readdir(dirname(file)), [], 'nobody will read it again');
      } finally {
        await rig.close();
      }
    });
  }

  it('is damaged fails where the server itself runs jobs, without a retry, and an undamaged one succeeds', async () => {
    const ran: string[] = [];
    const gate = Promise.withResolvers<void>();
    const local: JobType = {
      ...{ name: 'local', slots: 1, checkInput: (input) => ({ kind: 'valid', input }) },
      defaults: { timeoutMs: null, retainMs: null, retry: { attempts: 3 } },
      handler: {
        kind: 'function',
        async run({ job }) {
          ran.push(job.id);
          await gate.promise;
          return { kind: 'succeeded', result: null };
        },
      },
    };
    const rig = await openSymbl({ types: [local], options: { audio: { type: 'local' } } });
    try {
      const whole = await uploaded(rig);
      // Waits for the only slot while its file is damaged.
      const damaged = await uploaded(rig);
      await truncate(damaged.file, 10);
      gate.resolve();
      const { lookups } = await rig.engine.wait({
        ...{ tenant: rig.tenant, ids: [damaged.jobId], for: 'all', until: { kind: 'done' } },
        ...{ timeoutMs: Number.POSITIVE_INFINITY, signal: AbortSignal.timeout(20_000) },
      });
      const job = lookups[0]?.kind === 'found' ? lookups[0].snapshot.job : null;
      assert.deepEqual([job?.state, job?.error?.code, job?.attempt], ['failed', 'UPLOAD_DAMAGED', 1]);
      assert.deepEqual(ran, [whole.jobId]);
    } finally {
      gate.resolve();
      await rig.close();
    }
  });
});

describe('an upload to a full disk', () => {
  it('is 503 with the folder named, leaves no file and no job, and the next one is taken', async () => {
    let isFull = true;
    const disk: Disk = {
      ...systemDisk,
      async createFile(path) {
        const file = await systemDisk.createFile(path);
        const full = async () => {
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        };
        return isFull ? { ...file, write: full } : file;
      },
    };
    const dialect = { ...symbl, register: (app: never, context: never) => register(app, context, disk) };
    const rig = await openSymbl({ dialect });
    const refused = await rig.upload(MEDIA);
    assert.equal(refused.status, 503, refused.text);
    assert.match(refused.text, /The disk is full: the upload could not be written to \/.*uploads\./);
    assert.equal(refused.headers['retry-after'], '1');
    isFull = false;
    const { file } = await uploaded(rig);
    assert.equal((await readdir(dirname(file))).length, 1);
    assert.equal((await rig.engine.list({ tenant: rig.tenant, limit: 10, order: 'oldest' })).snapshots.length, 1);
    await rig.close();
  });
});

describe('uploads that are being sent', () => {
  it('are so many of one tenant at once; the next is 503, one of another tenant is taken', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let count = 0;
    const disk: Disk = {
      ...systemDisk,
      async createFile(path) {
        count += 1;
        if (count === 1) {
          begun.resolve();
          await gate.promise;
        }
        return systemDisk.createFile(path);
      },
    };
    const dialect = { ...symbl, register: (app: never, context: never) => register(app, context, disk) };
    const rig = await openSymbl({ dialect, limits: { uploadsMax: 2, uploadsPerTenantMax: 1 } });
    try {
      const first = rig.upload(MEDIA);
      await begun.promise;
      const refused = await rig.upload(Buffer.from('short'));
      assert.equal(refused.status, 503, refused.text);
      assert.match(refused.text, /1 uploads of one tenant at once \(uploadsPerTenantMax\)/);
      assert.equal(refused.headers['retry-after'], '1');
      const path = '/v1/process/audio';
      const other = { method: 'POST', path, body: MEDIA, headers: { 'content-type': 'audio/wav' } };
      assert.equal((await rig.send(other, 'other')).status, 201);
      gate.resolve();
      assert.equal((await first).status, 201);
      assert.equal((await rig.upload(MEDIA)).status, 201);
    } finally {
      gate.resolve();
      await rig.close();
    }
  });

  it('and cannot be dropped afterwards are told to whoever reads the log', async () => {
    const warned = Promise.withResolvers<unknown[]>();
    const logger = { warn: (...words: unknown[]) => warned.resolve(words) };
    const remove = async () => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    const disk: Disk = { ...systemDisk, remove };
    const dialect = {
      ...symbl,
      register: (app: never, context: object) => register(app, { ...context, logger } as never, disk),
    };
    const rig = await openSymbl({ dialect });
    await uploaded(rig);
    await rig.finish(null);
    const [facts, message] = await warned.promise;
    assert.match(String(message), /upload could not be dropped/);
    assert.match(String((facts as { err: Error }).err), /EACCES/);
    await rig.close();
  });
});
