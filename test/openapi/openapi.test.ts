/**
 * What those do with `/openapi.json` who did not write it: Redocly and Spectral have nothing to say against it, and the types and clients that
 * openapi-typescript and Hey API make of it compile, and say what the API means.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { openHttp } from '../http/http-fixture.ts';
import { installIn } from '../process/own-packages.ts';

const run = promisify(execFile);
const FOLDER = import.meta.dirname;
const ROOT = join(FOLDER, '../..');
const OUTPUT_BYTES_MAX = 4_000_000;

/** A caller of both: compiles only where names, bodies and answers are what they are. */
const CALLER = `
import { client } from './client/client.gen.ts';
import { getJob, submitJob, type Job } from './client/index.ts';
import type { components, operations, paths } from './types.ts';

type Submit = paths['/v1/jobs']['post']['requestBody']['content']['application/json'];
const body: Submit = { type: 'thumbnail', input: { width: 320 }, retry: { attempts: 3 } };
// False would not compile: bodies and jobs have the fields that they have, and no others.
export const isStrict: 'inputs' extends keyof Submit ? false : true = true;
export const isOne: 'ids' extends keyof Job ? false : true = true;
type Problem = operations['getJob']['responses'][404]['content']['application/problem+json'];
const codeOf = (problem: Problem): string => problem.code;
export const stateOf = (job: components['schemas']['Job']): 'succeeded' | string => job.state;

client.setConfig({ baseUrl: 'http://127.0.0.1:7070', auth: 'bide_key' });

export async function use(): Promise<Job | undefined> {
  const submitted = await submitJob({ body });
  if (submitted.data === undefined) throw new Error(codeOf(submitted.error as Problem));
  const { data } = await getJob({ path: { id: submitted.data.id }, query: { wait: 30 } });
  return data;
}
`;

const COMPILER = {
  compilerOptions: {
    ...{ target: 'es2024', lib: ['es2024', 'dom', 'dom.iterable'], module: 'esnext', moduleResolution: 'bundler' },
    ...{ strict: true, noUncheckedIndexedAccess: true, noEmit: true, types: [], allowImportingTsExtensions: true },
  },
  include: ['**/*.ts'],
};

test('linters have nothing to say, and generated types and clients compile', async () => {
  await installIn(FOLDER, 'Linters and generators of OpenAPI');
  await using http = await openHttp();
  const folder = await mkdtemp(join(FOLDER, 'node_modules/.made-'));
  after(() => rm(folder, { recursive: true, force: true }));
  const document = join(folder, 'openapi.json');
  await writeFile(document, (await http.call('GET', '/openapi.json')).text);
  const made = await run(process.execPath, [join(FOLDER, 'generate.js'), document, folder], {
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  assert.deepEqual(JSON.parse(made.stdout), { redocly: [], spectral: [] });
  await writeFile(join(folder, 'caller.ts'), CALLER);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(COMPILER));
  const compiled = await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder]).catch((error) => error);
  assert.equal(compiled.stdout, '');
});
