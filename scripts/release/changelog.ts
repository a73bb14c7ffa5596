/**
 * What a release reads from the changelog and does to it. Pure.
 *
 * The next version follows from what stands under Unreleased: something BREAKING or Added raises the minor (from 1.0.0 on BREAKING raises the major), else
 * the patch. A version that has no section yet is the next one itself.
 */

const UNRELEASED = '## [Unreleased]';
const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** What stands under Unreleased from its first heading on: an introduction before it speaks of what is not released. */
export function unreleasedOf(changelog: string): string {
  const start = changelog.indexOf(UNRELEASED);
  if (start === -1) throw new Error(`CHANGELOG.md has no "${UNRELEASED}".`);
  const rest = changelog.slice(start + UNRELEASED.length);
  const end = rest.search(/^## /m);
  const section = end === -1 ? rest : rest.slice(0, end);
  const first = section.search(/^### /m);
  return first === -1 ? '' : section.slice(first).trim();
}

export function nextVersion(current: string, changelog: string): string {
  if (!changelog.includes(`\n## [${current}]`)) return current;
  const [, major = 0, minor = 0, patch = 0] = VERSION.exec(current)?.map(Number) ?? [];
  const section = unreleasedOf(changelog);
  const isBreaking = section.includes('BREAKING');
  if (isBreaking && major > 0) return `${major + 1}.0.0`;
  return isBreaking || /^### Added$/m.test(section) ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

/** Unreleased becomes the section of the version, below an empty one. */
export function releasedChangelog(changelog: string, version: string, date: string): string {
  const section = unreleasedOf(changelog);
  const start = changelog.indexOf(UNRELEASED);
  const after = changelog.slice(start + UNRELEASED.length);
  const next = after.search(/^## /m);
  const older = next === -1 ? '' : `\n${after.slice(next)}`;
  return `${changelog.slice(0, start)}${UNRELEASED}\n\n## [${version}] - ${date}\n\n${section}\n${older}`;
}
