/** Symbl.ai on a real server, for tests beside the suite: requests as its clients send them, and what its worker does. */
import assert from 'node:assert/strict';
import type { Json } from '../../src/core/job.ts';
import type { RigOptions } from '../../src/dialects/contract-suite/rig.ts';
import {
  createWorker,
  type DialectAdapter,
  jsonOf,
  openRig,
  type Rig,
  TEST_TYPE,
  type WireAnswer,
} from '../../src/dialects/contract-suite.ts';
import { symbl } from '../../src/dialects/symbl/index.ts';
import { DEFAULT_OPTIONS, type SymblOptions } from '../../src/dialects/symbl/options.ts';

export interface SymblRig extends Rig {
  get(path: string): Promise<WireAnswer>;
  /** The JSON of an answer that must be 200. */
  read(path: string): Promise<Json>;
  submit(json: object, path?: string, method?: string): Promise<{ conversationId: string; jobId: string }>;
  upload(body: Buffer, query?: string): Promise<WireAnswer>;
  /** Has the worker end the job that is due next. */
  finish(result: unknown): Promise<void>;
}

export interface SymblRigOptions extends RigOptions {
  readonly options?: Partial<SymblOptions>;
  readonly dialect?: typeof symbl;
}

export async function openSymbl({ options, dialect = symbl, ...rest }: SymblRigOptions = {}): Promise<SymblRig> {
  const adapter: Pick<DialectAdapter<SymblOptions>, 'options' | 'credentials'> = {
    options: {
      ...DEFAULT_OPTIONS,
      ...{ text: { type: TEST_TYPE }, audio: { type: TEST_TYPE }, startWaitMs: 0, ...options },
    },
    credentials: (key) => ({ authorization: `Bearer ${key}` }),
  };
  const rig = await openRig(dialect, adapter as DialectAdapter<SymblOptions>, rest);
  const get = (path: string) => rig.send({ method: 'GET', path });
  return {
    ...rig,
    get,
    async read(path) {
      const answer = await get(path);
      assert.equal(answer.status, 200, answer.text);
      return jsonOf(answer) as Json;
    },
    async submit(json, path = '/v1/process/text', method = 'POST') {
      const answer = await rig.send({ method, path, json: json as Json });
      assert.equal(answer.status, 201, answer.text);
      return jsonOf(answer) as { conversationId: string; jobId: string };
    },
    upload: (body, query = '') =>
      rig.send({ method: 'POST', path: `/v1/process/audio${query}`, body, headers: { 'content-type': 'audio/wav' } }),
    async finish(result) {
      const worker = createWorker(rig.engine, rig.tenant);
      await worker.succeed(await worker.claim(TEST_TYPE), result as Json);
    },
  };
}
