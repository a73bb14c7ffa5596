/**
 * Lays the pages out as the site has them: those of `docs/` as they are, those of the repository's top in the room "Project". Links are rewritten to
 * where their target is on the site, so that the same line leads somewhere in a checkout, on a code host and here. A source file that a page links
 * to becomes a page of its own.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { pictureOf } from './picture.ts';
import type { Page } from './rooms.ts';

const TOP = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
/** What the start has on the site in place of its title. */
const HERO = `---
title: Start
titleTemplate: Asynchronous jobs over HTTP
layout: home
hero:
  name: Bide
  text: Asynchronous jobs over HTTP
  tagline: Submit work, get a job id, wait for it, fetch the result.
  actions:
    - { theme: brand, text: Get started, link: /getting-started }
    - { theme: alt, text: Concepts, link: /concepts }
    - { theme: alt, text: API, link: /reference/api/ }
---
`;
const LINK = /(?<before>\]\(|\b(?:src|href)=")(?!https?:|mailto:|#)(?<target>[^)\s"#]+)(?<anchor>#[^)\s"]*)?/g;

/** @param files all that the repository has, as paths from its top @returns the pages */
export function stage(root: string, files: readonly string[], into: string): readonly Page[] {
  rmSync(into, { recursive: true, force: true });
  const documents = files.filter((path) => path.endsWith('.md') && (path.startsWith('docs/') || TOP.includes(path)));
  const all = new Set(files);
  const linked = new Set<string>();
  const put = (path: string) => {
    const text = readFileSync(join(root, path), 'utf8');
    const isDocument = path.endsWith('.md');
    return write(
      into,
      placeOf(path),
      isDocument ? pageText(path, relinked(path, text, all, linked)) : sourcePage(path, text),
    );
  };
  const pages = documents.map(put);
  // A set that grows while it is walked: what a linked page links to comes along.
  for (const path of linked) put(path);
  for (const path of files.filter((each) => /^docs\/.*\.(?:svg|png)$/.test(each)))
    copy(join(root, path), join(into, placeOf(path)));
  return pages;
}

/** Where a file of the repository is on the site. */
export function placeOf(path: string): string {
  if (path === 'docs/adr/README.md') return 'adr/index.md';
  if (path.startsWith('docs/')) return path.slice('docs/'.length);
  if (path.endsWith('.md')) return `project/${path}`;
  return `source/${path.replaceAll('/', '-')}.md`;
}

function relinked(from: string, text: string, files: ReadonlySet<string>, linked: Set<string>): string {
  return outsideOfCode(text, (prose) =>
    prose.replaceAll(LINK, (whole, before: string, target: string, anchor: string | undefined) => {
      const path = posix.normalize(posix.join(posix.dirname(from), target));
      const found = files.has(path)
        ? path
        : files.has(posix.join(path, 'README.md'))
          ? posix.join(path, 'README.md')
          : null;
      // What does not exist is left, and the generator fails on it.
      if (found === null) return whole;
      if (!/^docs\/.*\.(?:md|svg|png)$/.test(found) && !TOP.includes(found)) linked.add(found);
      const place = posix.relative(posix.dirname(placeOf(from)), placeOf(found));
      return `${before}${place.startsWith('.') ? place : `./${place}`}${anchor ?? ''}`;
    }),
  );
}

/** Blocks and spans of code say what they say. */
function outsideOfCode(text: string, change: (prose: string) => string): string {
  const parts = text.split(/(^ *```[^\n]*\n.*?^ *```$|`[^`\n]+`)/gms);
  return parts.map((part, index) => (index % 2 === 1 ? part : change(part))).join('');
}

function pageText(path: string, text: string): string {
  const pictured = text.replaceAll(/^```mermaid\n(.*?)^```$/gms, (_, diagram: string) => pictureOf(diagram));
  if (path.startsWith('docs/reference/api/')) return inTabs(pictured);
  return path === 'docs/index.md' ? HERO + pictured.replace(/^# .+$/m, '') : pictured;
}

/** One call in several languages: side by side on a code host, in tabs here. */
function inTabs(text: string): string {
  const block = '```(?:sh|ts|python) recipe\\n.*?^```\\n';
  const names: Readonly<Record<string, string>> = { sh: 'curl', ts: 'TypeScript', python: 'Python' };
  return text.replaceAll(new RegExp(`^${block}(?:\\n${block})*`, 'gms'), (blocks) => {
    const named = blocks.replaceAll(
      /^```(\w+) recipe$/gm,
      (_, language: string) => `\`\`\`${language} [${names[language]}]`,
    );
    return `::: code-group\n${named}:::\n`;
  });
}

function sourcePage(path: string, text: string): string {
  const language = path.includes('.') ? path.split('.').at(-1) : 'text';
  return `# ${path}\n\n\`\`\`\`${language}\n${text}\`\`\`\`\n`;
}

function write(into: string, place: string, text: string): Page {
  mkdirSync(dirname(join(into, place)), { recursive: true });
  writeFileSync(join(into, place), text);
  const title = /^(?:# |title: )(.+)$/m.exec(text)?.[1];
  if (title === undefined) throw new Error(`${place} has no title: its first line is "# …"`);
  return { path: place, title: title.replaceAll('`', '') };
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
