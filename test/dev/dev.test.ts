/** `bide dev` as its users run it: a process of its own, whose config and imports are edited on disk while jobs run and requests are held. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Client, createClient } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-dev-'));
let server: ServerProcess;
let client: Client;

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
/** @param types lines of the config's `types` */
const config = (types: string, more = '') =>
  write(
    'bide.config.ts',
    `import { defineConfig } from 'bide';\nimport { greeting } from './words.ts';\nexport default defineConfig({ types: {\n${types}\n}, ${more} });\n`,
  );
const words = (greeting: string) => write('words.ts', `export const greeting: string = '${greeting}';\n`);
const GREET = 'greet: () => greeting,';
/** Ends when there is a file `go`. */
const PATIENT = `patient: async (_, { log }) => {
  const { existsSync } = await import('node:fs');
  log('begun');
  while (!existsSync('go')) await new Promise((r) => setTimeout(r, 20));
  return greeting;
},`;

/** What is printed from the edit on, as soon as the pattern is there. */
async function edited(edit: () => void, pattern: RegExp): Promise<string> {
  const from = server.output().length;
  edit();
  return server.said(pattern, from);
}

before(async () => {
  words('hello');
  config(`${GREET}\n${PATIENT}`);
  write('.env', 'GREETING_OF_ENV=from the file\n');
  server = await startServer({ data: join(folder, 'data'), cwd: folder, verb: 'dev' });
  client = createClient({ url: server.url, key: server.key });
  await server.said(/watching .*\n/);
});

after(async () => {
  const code = await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
  assert.equal(code, 0);
});

describe('bide dev', () => {
  test('says where it is, and what it watches', () => {
    assert.match(server.output(), /dashboard http:\/\/127\.0\.0\.1:\d+\/dashboard\/#link=/);
    assert.match(server.output(), /watching bide\.config\.ts and 1 file that it imports/);
  });

  test('a job that runs ends on the old code, new ones run the new, and a held request is not cut', async () => {
    assert.equal(await client.run('greet'), 'hello');
    const job = await client.submit('patient');
    for await (const { line } of client.followLogs(job)) {
      assert.equal(line, 'begun');
      break;
    }
    const held = client.wait(job);
    const said = await edited(() => words('servus'), /reloaded.*\n/);
    assert.match(said, /reloaded in \d+ ms: greet, patient; 1 job ends on the old code/);
    assert.equal(await client.run('greet'), 'servus');
    write('go', '');
    assert.equal((await held).job.result, 'hello');
  });

  test('a syntax error is told with its place, and the config before goes on, in new threads too', async () => {
    const said = await edited(() => config('greet: () => { return greeting'), /not reloaded.*\n/);
    assert.match(said, /not reloaded, the config before goes on: .*bide\.config\.ts:\d+.* syntax error/);
    assert.equal(await client.run('greet'), 'servus');
    const imported = await edited(() => write('words.ts', 'export const greeting = nothing;\n'), /not reloaded.*\n/);
    assert.match(imported, /not reloaded/);
    assert.equal(await client.run('greet'), 'servus');
    words('ciao');
    await edited(() => config(`${GREET}\n${PATIENT}`), /\nreloaded|^reloaded/);
    assert.equal(await client.run('greet'), 'ciao');
  });

  test('a type that is removed takes no more jobs, one that is added does, and schedules follow', async () => {
    const schedules =
      "schedules: { hourly: { cron: '@hourly', job: { type: 'added' } } }, limits: { resultBytesMax: 2000 }";
    const said = await edited(() => config("added: () => 'new',\npatient: () => 1,", schedules), /reloaded.*\n/);
    assert.match(said, /: added, patient; removed: greet; restart for: limits/);
    assert.equal(await client.run('added'), 'new');
    await assert.rejects(client.submit('greet'), { code: 'TYPE_UNKNOWN' });
    assert.equal((await client.schedules.get('hourly')).job.type, 'added');
    const wrong = "schedules: { hourly: { cron: '@hourly', job: { type: 'nobody' } } }";
    const refused = await edited(() => config(GREET, wrong), /reloaded.*\n/);
    assert.match(refused, /not reloaded.*nobody/);
    assert.equal(await client.run('added'), 'new');
    await edited(() => config(GREET, 'schedules: {}'), /\nreloaded|^reloaded/);
    await assert.rejects(client.schedules.get('hourly'), { code: 'SCHEDULE_NOT_FOUND' });
  });

  test('a burst of saves is one reload, and a save that changes nothing is none', async () => {
    const from = server.output().length;
    for (let at = 1; at <= 20; at += 1) words(`burst ${at}`);
    await server.said(/(^|\n)reloaded/, from);
    assert.equal(await client.run('greet'), 'burst 20');
    words('burst 20');
    await edited(() => words('last'), /reloaded.*\n/);
    const reloads =
      server
        .output()
        .slice(from)
        .match(/reloaded/g) ?? [];
    assert.ok(reloads.length <= 3, `${reloads.length} reloads`);
  });

  test('functions see the variables of .env', async () => {
    await edited(() => config('env: () => process.env.GREETING_OF_ENV ?? null,'), /reloaded.*\n/);
    assert.equal(await client.run('env'), 'from the file');
  });
});
