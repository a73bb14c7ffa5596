import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { missingForCommand } from './missing-program.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bide-programs-'));
  await writeFile(join(folder, 'run'), '');
  await chmod(join(folder, 'run'), 0o755);
  await writeFile(join(folder, 'text'), '', { mode: 0o644 });
});
after(() => rm(folder, { recursive: true }));

describe('missingForCommand', () => {
  it('finds programs in PATH, by their place, and relative to the config', () => {
    for (const program of ['run', './run', join(folder, 'run')])
      assert.deepEqual(missingForCommand({ program, env: { PATH: `/nowhere:${folder}` } }, folder), [], program);
  });

  it('names what is not there: the program, and its folder', () => {
    const missing = (program: string, cwd = '.') => missingForCommand({ program, cwd, env: { PATH: folder } }, folder);
    assert.deepEqual(missing('none'), ['the program none is in no folder of PATH']);
    assert.deepEqual(missing('./none'), ['the program ./none is not there, or may not be executed']);
    assert.deepEqual(missing('./text'), ['the program ./text is not there, or may not be executed']);
    assert.deepEqual(missing('run', 'gone'), [`its working folder ${join(folder, 'gone')} does not exist`]);
  });
});
