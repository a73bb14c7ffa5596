/**
 * `npm run release -- [VERSION] [--dry-run]`: makes a release of the commit that is checked out.
 *
 * Everything is packed from a copy of that commit, so that nothing else gets into a tarball: the changelog's Unreleased becomes the section of the
 * version, and all packages get that version. Without `--dry-run` the same changes are committed and tagged. It publishes nothing: that is
 * for a machine of CI, since provenance says which workflow built a package. There `--pack` makes the tarballs of the tag, as they were made here.
 * They are what is published, and not the folder, whose manifest npm reads again once it leads back to the sources.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isVersion, nextVersion, releasedChangelog, unreleasedOf } from './release/changelog.ts';
import {
  PACKAGES,
  placeholdersIn,
  VERSIONED_ELSEWHERE,
  withVersion,
  withVersionElsewhere,
} from './release/manifests.ts';
import { CHECKSUMS, packAll } from './release/pack.ts';
import { ROOT } from './run/step.ts';

const INTO = join(ROOT, 'release');
const { values, positionals } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false }, pack: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const isDry = values['dry-run'];
const isTagged = values.pack;

const changelog = read('CHANGELOG.md');
const version =
  positionals[0] ?? (isTagged ? versionOf('package.json') : nextVersion(versionOf('package.json'), changelog));
const problems = whatIsWrong();
if (problems.length > 0) {
  console.error(problems.map((problem) => `Not released: ${problem}`).join('\n'));
  process.exit(1);
}

const changes = isTagged ? new Map<string, string>() : changesOf();
if (!isTagged) {
  const entries = unreleasedOf(changelog).match(/^- /gm)?.length ?? 0;
  console.log(`version    ${versionOf('package.json')} -> ${version}`);
  console.log(`changelog  ${entries} entries of Unreleased -> ## [${version}]`);
}
const tarballs = packed();
for (const { file, sha256, sizeBytes } of tarballs)
  console.log(`tarball    release/${file}  ${sizeBytes} bytes  ${sha256}`);
console.log(`checksums  release/${CHECKSUMS}   (cd release && sha256sum -c ${CHECKSUMS})`);
if (isDry) {
  console.log(
    `dry run    nothing is committed, tagged or published. A release commits ${[...changes.keys()].join(', ')}`,
  );
  console.log(`           and tags v${version}.`);
} else if (!isTagged) commitAndTag();
console.log(`publish    in CI, from the tag${isTagged ? '' : ' and after `npm ci && npm run release -- --pack`'}:`);
// Without the dot, npm takes a path of two words for a repository on GitHub.
for (const { file } of tarballs) console.log(`             npm publish ./release/${file} --provenance --access public`);

function changesOf(): ReadonlyMap<string, string> {
  return new Map([
    ['CHANGELOG.md', releasedChangelog(changelog, version, new Date().toISOString().slice(0, 10))],
    ...[...PACKAGES.map(manifestOf), 'package-lock.json'].map(
      (path) => [path, withVersion(read(path), version)] as const,
    ),
    ...VERSIONED_ELSEWHERE.map((path) => [path, withVersionElsewhere(path, read(path), version)] as const),
  ]);
}

function whatIsWrong(): readonly string[] {
  const unfilled = placeholders();
  if (isDry && unfilled !== '') console.log(`to fill    ${unfilled}: a real release refuses them`);
  const found: readonly (readonly [boolean, string])[] = [
    [!isVersion(version), `${version} is no version such as 1.2.3.`],
    [
      git('status', '--porcelain') !== '',
      'the tree has changes that are not committed: commit them, or `git stash -u`.',
    ],
    [!isTagged && git('tag', '--list', `v${version}`) !== '', `there is a tag v${version} already.`],
    [!isTagged && unreleasedOf(changelog) === '', 'nothing stands under Unreleased in CHANGELOG.md.'],
    [
      !isDry && unfilled !== '',
      `OWNER stands for what only you know, in ${unfilled}: see "Releasing" in CONTRIBUTING.md.`,
    ],
  ];
  return found.filter(([isWrong]) => isWrong).map(([, sentence]) => sentence);
}

function placeholders(): string {
  return PACKAGES.map(manifestOf)
    .map((path) => [path, placeholdersIn(JSON.parse(read(path)))] as const)
    .flatMap(([path, fields]) => (fields.length === 0 ? [] : [`${fields.join(', ')} of ${path}`]))
    .join('; ');
}

function packed() {
  const tree = mkdtempSync(join(tmpdir(), 'bide-release-'));
  try {
    execFileSync('tar', ['-x', '-C', tree], { input: gitBytes('archive', '--format=tar', 'HEAD') });
    for (const [path, text] of changes) writeFileSync(join(tree, path), text);
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
    return packAll(tree, INTO);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function commitAndTag(): void {
  for (const [path, text] of changes) writeFileSync(join(ROOT, path), text);
  git('add', '--', ...changes.keys());
  git('commit', '--quiet', '--message', `Release ${version}`);
  git('tag', '--annotate', `v${version}`, '--message', `Bide ${version}`);
  console.log(`committed  and tagged v${version}. Next: git push --follow-tags`);
}

function manifestOf(folder: string): string {
  return folder === '.' ? 'package.json' : `${folder}/package.json`;
}

function versionOf(path: string): string {
  return (JSON.parse(read(path)) as { readonly version: string }).version;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function git(...args: readonly string[]): string {
  return gitBytes(...args)
    .toString('utf8')
    .trim();
}

function gitBytes(...args: readonly string[]): Buffer {
  return execFileSync('git', ['-c', 'safe.directory=*', ...args], { cwd: ROOT, maxBuffer: 1024 * 1024 * 1024 });
}
