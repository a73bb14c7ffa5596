/** The Python client keeps the rules of the house, and has the version of the server. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pythonComplaints } from './tidy/python.ts';
import { readTree } from './tidy/tree.ts';

const FILES = readTree('*.py');

describe('the files in Python', () => {
  test('keep the rules of the house', () => {
    assert.ok(FILES.size > 40);
    assert.deepEqual(
      [...FILES].flatMap(([path, text]) => pythonComplaints(path, text)),
      [],
    );
  });

  test('that break one are found', () => {
    const head = '"""Says what it is."""\n';
    for (const [path, text] of [
      ['a.py', 'x = 1\n'],
      ['a.py', `${head}# TO${'DO'}: later\n`],
      ['a.py', `${head}x: int = "1"  # type: ignore\n`],
      ['tests/a.py', `${head}time.sleep(1)\n`],
      ['tests/a.py', `${head}@unittest.skip("later")\n`],
      ['a.py', `${head}try:\n    f()\nexcept:\n    pass\n`],
      ['a.py', `${head}# The caller and h${'is'} key.\n`],
      ['a.py', `${head}${'x'.repeat(121)}\n`],
      ['a.py', head + 'x = 1\n'.repeat(400)],
      ['job_utils.py', head],
    ] as const)
      assert.equal(pythonComplaints(path, text).length, 1, text.slice(0, 80));
    assert.deepEqual(
      pythonComplaints('a.py', `${head}x = {}  # type: ignore[var-annotated]\nawait asyncio.sleep(0)\n`),
      [],
    );
  });

  test('have the version of the server', () => {
    const version = readTree('package.json')
      .get('package.json')
      ?.match(/"version": "(.*)"/)?.[1];
    const own = FILES.get('clients/python/src/bide/_version.py')?.match(/__version__ = "(.*)"/)?.[1];
    assert.equal(own, version);
  });
});
