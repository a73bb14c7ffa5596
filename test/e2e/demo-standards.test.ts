/** `npm run demo:standards` in full: each client of a standard does real work on one server, and every answer is right. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

it('demo:standards has every client do the work, and every answer is right', async () => {
  const options = { cwd: ROOT, timeout: 170_000, maxBuffer: 64 * 1_024 * 1_024 };
  const { stdout } = await run(process.execPath, ['scripts/demo-standards.ts'], options);
  assert.match(stdout, /\n18 answers, 0 of them wrong/);
});

it('demo:standards refuses a client that it does not know', async () => {
  const unknown = run(process.execPath, ['scripts/demo-standards.ts', 'nobody'], { cwd: ROOT });
  await assert.rejects(unknown, (error: { readonly code?: unknown; readonly stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.match(error.stderr ?? '', /no client nobody; there are mcp/);
    return true;
  });
});
