/** `npm run demo:vendors` in full: each vendor's documented flow on the real server, answer for answer as the vendor specifies. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

it('demo:vendors plays every vendor as specified', async () => {
  const options = { cwd: ROOT, timeout: 170_000, maxBuffer: 64 * 1_024 * 1_024 };
  const { stdout } = await run(process.execPath, ['scripts/demo-vendors.ts'], options);
  assert.match(stdout, /\d{2,} exchanges, 0 of them not as specified/);
});

it('demo:vendors refuses a vendor that it does not know', async () => {
  const unknown = run(process.execPath, ['scripts/demo-vendors.ts', 'nobody'], { cwd: ROOT });
  await assert.rejects(unknown, (error: { readonly code?: unknown; readonly stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.match(error.stderr ?? '', /no demo of nobody; there are silentpush/);
    return true;
  });
});
