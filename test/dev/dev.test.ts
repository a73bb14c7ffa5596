/** `bide dev` as its users run it: a process of its own, whose config and imports are edited on disk while jobs run and requests are held. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
const RELOADED = /(^|\n)reloaded.*\n/;
const GREET = 'greet: () => greeting,';
/** Ends when there is a file `go`: it runs in the server's process, which only files reach from here, and ends as soon as that is there. */
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

  test('a config that is moved away is told, its jobs run on in new threads too, and it is read when it is back', async () => {
    await edited(() => config(GREET), RELOADED);
    const away = join(folder, 'away');
    const said = await edited(() => renameSync(join(folder, 'bide.config.ts'), away), /not reloaded.*\n/);
    assert.match(said, /bide\.config\.ts: it is gone; put it back/);
    assert.equal(await client.run('greet'), 'last');
    await edited(() => renameSync(away, join(folder, 'bide.config.ts')), RELOADED);
    assert.equal(await client.run('greet'), 'last');
  });

  test('an import that comes later, in a folder that comes later, is waited for, and again when the folder is made anew', async () => {
    const make = (text: string) => {
      mkdirSync(join(folder, 'lib'));
      write('lib/late.ts', `export const late = '${text}';\n`);
    };
    const lazy = 'greet: () => late,';
    const importing = () => {
      config(lazy);
      write('words.ts', "export { late } from './lib/late.ts';\nexport const greeting = 1;\n");
      write('bide.config.ts', `import { late } from './words.ts';\nexport default { types: { ${lazy} } };\n`);
    };
    assert.match(await edited(importing, /not reloaded.*lib.*\n/), /imports something that is not there.*late\.ts/);
    await edited(() => make('made'), RELOADED);
    assert.equal(await client.run('greet'), 'made');
    await edited(() => {
      rmSync(join(folder, 'lib'), { recursive: true });
      make('again');
    }, RELOADED);
    await edited(() => write('lib/late.ts', "export const late = 'and again';\n"), RELOADED);
    assert.equal(await client.run('greet'), 'and again');
    const thrown = await edited(() => write('lib/late.ts', 'export const late = 1;\n  nothing();\n'), /not re.*\n/);
    assert.match(thrown, /nothing is not defined \(in .*late\.ts:2:3\)/);
  });

  test('CommonJS and what it requires is read again', async () => {
    write('b.cjs', 'exports.b = 1;');
    write('a.cjs', "module.exports = { a: require('./b.cjs').b };");
    const importing = "import cjs from './a.cjs';\nexport default { types: { greet: () => cjs.a } };\n";
    await edited(() => write('bide.config.ts', importing), RELOADED);
    assert.equal(await client.run('greet'), 1);
    await edited(() => write('b.cjs', 'exports.b = 2;'), RELOADED);
    assert.equal(await client.run('greet'), 2);
    assert.match(await edited(() => write('a.cjs', 'const x = (;'), /not reloaded.*\n/), /syntax error.*a\.cjs:1/);
  });

  test('what a config throws from a timer, or a promise that nobody awaits, is told and ends nothing', async () => {
    const throwing =
      "Promise.reject(new Error('alone'));\nsetTimeout(() => { throw new Error('late'); }, 1);\nexport default { types: { remote: { kind: 'remote' } } };\n";
    const said = await edited(() => write('bide.config.ts', throwing), /late/);
    assert.match(said, /threw outside of its jobs: Error: alone\n +at .*bide\.config\.ts:1:16/);
  });

  test('a config that comes after the start is read, and one that never ends loading does not keep the server from ending', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await using other = await startServer({ data: join(empty, 'data'), cwd: empty, verb: 'dev' });
    await other.said(/watching for a bide\.config\.ts/);
    writeFileSync(join(empty, 'bide.config.ts'), 'export default { types: { first: () => 1 } };\n');
    assert.match(await other.said(RELOADED), /: first/);
    const endless = "console.log('begun');\nawait new Promise(() => {});\n";
    writeFileSync(join(empty, 'bide.config.ts'), endless);
    await other.said(/begun/);
    assert.equal(await other.end('SIGTERM'), 0);
    assert.doesNotMatch(other.output(), /not reloaded/);
  });
});
