/** compose.yaml: its services can start in their order, and its secrets are made once. Its schema is in schemas.test.ts, what its
 * commands do in image.test.ts. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../tidy/tree.ts';
import { readCompose } from './compose-file.ts';

const FILE = join(ROOT, 'compose.yaml');
const { services, volumes } = readCompose();

test('compose.yaml starts in an order that can be: who is waited for ends, or says that it is well', () => {
  const isTold = (name: string) => services[name]?.healthcheck?.disable !== true;
  for (const [name, { depends_on = {} }] of Object.entries(services))
    for (const [before, { condition }] of Object.entries(depends_on)) {
      const goes = services[before]?.restart === 'no' ? 'service_completed_successfully' : 'service_healthy';
      assert.equal(condition, goes, `${name} waits for ${before}`);
      assert.ok(goes !== 'service_healthy' || isTold(before), before);
    }
});

test('compose.yaml mounts what is there, opens this machine alone, and holds no secret', () => {
  const mounts = Object.values(services).flatMap(({ volumes: mounted = [] }) =>
    mounted.map((mount) => mount.split(':')[0] ?? ''),
  );
  const missing = mounts.filter((from) =>
    from.startsWith('./') ? !existsSync(join(ROOT, from)) : !Object.hasOwn(volumes, from),
  );
  assert.deepEqual(missing, []);
  assert.deepEqual(
    Object.keys(volumes).filter((name) => !mounts.includes(name)),
    [],
  );
  for (const { ports = [], image, read_only: isReadOnly } of Object.values(services)) {
    assert.ok(ports.every((port) => port.startsWith('127.0.0.1:')));
    assert.ok(image !== 'bide' || isReadOnly === true);
  }
  assert.doesNotMatch(readFileSync(FILE, 'utf8'), /PASSWORD:|bide_[0-9a-f]{6}/);
});

test('compose.yaml makes the password of the database once, and the same one for both who need it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-compose-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [, flag = '', script = ''] = services.password?.entrypoint ?? [];
  const made = () => {
    const { status, stderr } = spawnSync(process.execPath, [flag, script.replaceAll('/secrets', folder)], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return readFileSync(join(folder, 'url'), 'utf8');
  };
  const url = made();
  assert.equal(url, `postgresql://bide:${readFileSync(join(folder, 'password'), 'utf8')}@postgres/bide`);
  assert.match(url, /:[0-9a-f]{48}@/);
  assert.equal(made(), url);
});
