/** What a release changes, without making one; test/pack.test.ts makes a dry one, and installs its tarballs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextVersion, releasedChangelog, unreleasedOf } from '../scripts/release/changelog.ts';
import {
  PACKAGES,
  placeholdersIn,
  VERSIONED_ELSEWHERE,
  withVersion,
  withVersionElsewhere,
} from '../scripts/release/manifests.ts';
import { readTree } from './tidy/tree.ts';

const FILES = readTree(
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'package.json',
  'packages/*/package.json',
  ...VERSIONED_ELSEWHERE,
);
const textOf = (path: string) => FILES.get(path) ?? assert.fail(`${path} is missing`);

const withSections = (unreleased: string, ...versions: readonly string[]) =>
  [
    '# Changelog',
    '## [Unreleased]',
    unreleased,
    ...versions.map((version) => `## [${version}] - 2026-01-02\n\n- x`),
  ].join('\n\n');

test('nextVersion raises what Unreleased asks for, and releases a version first that has no section yet', () => {
  const cases = [
    ['0.1.0', withSections('### Fixed\n- a'), '0.1.0'],
    ['0.1.0', withSections('### Fixed\n- a', '0.1.0'), '0.1.1'],
    ['0.1.3', withSections('### Added\n- a', '0.1.3'), '0.2.0'],
    ['0.1.3', withSections('### Changed\n- BREAKING a', '0.1.3'), '0.2.0'],
    ['1.4.2', withSections('### Added\n- a', '1.4.2'), '1.5.0'],
    ['1.4.2', withSections('### Changed\n- BREAKING a', '1.4.2'), '2.0.0'],
  ] as const;
  for (const [current, changelog, next] of cases) assert.equal(nextVersion(current, changelog), next, current);
});

test('releasedChangelog gives Unreleased to the version, without its introduction, and leaves an empty one above the older ones', () => {
  const changelog = withSections('Nothing is released yet.\n\n### Fixed\n- a', '0.1.0');
  const released = releasedChangelog(changelog, '0.1.1', '2026-02-03');
  assert.equal(
    released,
    '# Changelog\n\n## [Unreleased]\n\n## [0.1.1] - 2026-02-03\n\n### Fixed\n- a\n\n## [0.1.0] - 2026-01-02\n\n- x',
  );
  assert.equal(unreleasedOf(released), '');
  const own = textOf('CHANGELOG.md');
  assert.ok(
    releasedChangelog(own, '9.9.9', '2026-02-03').includes(`## [9.9.9] - 2026-02-03\n\n${unreleasedOf(own)}\n`),
  );
  assert.throws(() => unreleasedOf('# Changelog'), /Unreleased/);
});

test('withVersion sets the version of a manifest, of a lock file, and of a dependency on Bide', () => {
  const set = (manifest: object) => JSON.parse(withVersion(JSON.stringify(manifest), '2.0.0'));
  assert.deepEqual(set({ version: '1.0.0', dependencies: { bide: '1.0.0', a: '1' } }), {
    ...{ version: '2.0.0', dependencies: { bide: '2.0.0', a: '1' } },
  });
  assert.deepEqual(set({ version: '1.0.0', packages: { '': { version: '1.0.0', b: 1 }, c: {} } }), {
    ...{ version: '2.0.0', packages: { '': { version: '2.0.0', b: 1 }, c: {} } },
  });
});

test('what the owner has to fill is found in every package, and CONTRIBUTING names it', () => {
  const repository = { type: 'git', url: 'git+https://github.com/somebody/bide.git' };
  const filled = { repository, bugs: 'https://a.example', homepage: 'https://a.example', funding: 'https://a.example' };
  assert.deepEqual(placeholdersIn(filled), []);
  assert.deepEqual(placeholdersIn({ ...filled, funding: 'https://github.com/sponsors/OWNER' }), ['funding']);
  assert.deepEqual(placeholdersIn({}), ['repository', 'bugs', 'homepage', 'funding']);
  const [, releasing = ''] = textOf('CONTRIBUTING.md').split('\n## Releasing\n');
  for (const word of ['OWNER', 'repository', 'bugs', 'homepage', 'funding']) assert.ok(releasing.includes(word), word);
});

test('everything that is released has one version, and thin packages depend on exactly it', () => {
  const [own, ...others] = PACKAGES.map(
    (folder) =>
      JSON.parse(textOf(folder === '.' ? 'package.json' : `${folder}/package.json`)) as {
        readonly version: string;
        readonly dependencies: Readonly<Record<string, string>>;
      },
  );
  for (const { version, dependencies } of others)
    assert.deepEqual([version, dependencies.bide], [own?.version, own?.version]);
  for (const path of VERSIONED_ELSEWHERE) {
    assert.equal(
      withVersionElsewhere(path, textOf(path), own?.version ?? ''),
      textOf(path),
      `${path} says another version`,
    );
    assert.match(withVersionElsewhere(path, textOf(path), '9.8.7'), /9\.8\.7/);
  }
  assert.throws(() => withVersionElsewhere('clients/python/src/bide/_version.py', '', '1.0.0'), /says no version/);
});
