/** The pages keep step with the code: what they link to, name, and list is there. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { COMMANDS } from '../src/cli/commands.ts';
import { LAYERS } from './tidy/layers.ts';
import { OLD_WORDS } from './tidy/rules.ts';
import { listTree, ROOT, readTree } from './tidy/tree.ts';

const PAGES = readTree('*.md');
const MANIFEST = JSON.parse(readTree('package.json').get('package.json') ?? '{}') as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly files: readonly string[];
};

function page(path: string): string {
  return PAGES.get(path) ?? assert.fail(`${path} is missing`);
}

/** Every match of the pattern's first group, with the page that it is on. */
function mentions(pattern: RegExp): { readonly page: string; readonly text: string }[] {
  return [...PAGES].flatMap(([path, text]) =>
    [...text.matchAll(pattern)].map((match) => ({ page: path, text: match[1] ?? '' })),
  );
}

/** Says what was so at its time, or what another project has. */
function isHistory(path: string): boolean {
  return path === 'CHANGELOG.md' || /^(?:docs\/adr|src)\//.test(path);
}

/** The words of each `bide …` of the blocks in `sh`: from the name of the command to the end of it. */
function commandsIn(text: string): readonly (readonly string[])[] {
  const blocks = [...text.matchAll(/^ *```sh[^\n]*\n(.*?)^ *```/gms)].map(([, block = '']) =>
    block.replaceAll(/\\\n/g, ' ').replaceAll(/(^|\s)#.*$/gm, ''),
  );
  return blocks.flatMap((block) => {
    const inner = [...block.matchAll(/\$\(([^()]*)\)/g)].map(([, command = '']) => command);
    const lines = [block.replaceAll(/\$\([^()]*\)/g, 'VALUE').replaceAll(/\d?>\S*/g, ''), ...inner];
    const starts = /(?:^ *|[|;&!(] *|\bnpx |\bdo |\bif )bide ((?:'[^']*'|"[^"]*"|[^\n|;&)<>'"])+)/gm;
    return lines.flatMap((line) => [...line.matchAll(starts)]).map(([, line = '']) => wordsOf(line));
  });
}

function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

describe('the pages', () => {
  test('link only to what exists', () => {
    const links = mentions(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g);
    assert.ok(links.length > 15, `${links.length} links`);
    const broken = links.filter(({ page: from, text }) => !existsSync(join(ROOT, dirname(from), text)));
    assert.deepEqual(broken, []);
  });

  test('of the package link only to what is packed', () => {
    // npm packs these whatever the list says.
    const packed = [...MANIFEST.files, 'README.md', 'LICENSE', 'package.json'];
    const isPacked = (path: string) => packed.some((place) => path === place || path.startsWith(`${place}/`));
    const links = mentions(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g).filter(({ page: from }) => isPacked(from));
    assert.ok(links.length > 15, `${links.length} links`);
    assert.deepEqual(
      links.filter(({ page: from, text }) => !isPacked(join(dirname(from), text))),
      [],
    );
    // What operators are told to install must lie beside the page that says so.
    const installed = mentions(/`(deploy\/[\w./-]*)`/g).filter(({ page: from }) => isPacked(from));
    assert.ok(installed.length > 0 && installed.every(({ text }) => isPacked(text)));
  });

  test('name only files that exist', () => {
    const files = mentions(/`((?:src|test|scripts|docs|bin|examples|bench|deploy)\/[\w./-]+)`/g);
    assert.ok(files.length > 20, `${files.length} files`);
    assert.deepEqual(
      files.filter(({ text }) => !existsSync(join(ROOT, normalize(text)))),
      [],
    );
  });

  test('name only npm scripts that exist', () => {
    const scripts = mentions(/\bnpm run ([\w:-]+)/g);
    assert.ok(scripts.length > 5);
    // `dev` is one of the project that `bide init` makes.
    assert.deepEqual(
      scripts.filter(({ text }) => text !== 'dev' && !Object.hasOwn(MANIFEST.scripts, text)),
      [],
    );
  });

  test('show only commands that the command line takes', () => {
    const shown = [...PAGES]
      .filter(([path]) => !isHistory(path))
      .flatMap(([path, text]) => commandsIn(text).map((words) => ({ page: path, words })));
    assert.ok(shown.length > 80, `${shown.length} commands`);
    const refused = shown.flatMap(({ page: path, words: [name, ...line] }) => {
      const command = COMMANDS.find((one) => one.name === name);
      if (command === undefined) return [`${path}: bide ${name}`];
      try {
        command.parse(line);
        return [];
      } catch (error) {
        return [`${path}: bide ${name} ${line.join(' ')}: ${String(error)}`];
      }
    });
    assert.deepEqual(refused, []);
  });

  test('name only commands and options that the command line has', () => {
    const named = mentions(/`bide ([a-z][^`\n]*)`/g).filter(({ page: path }) => !isHistory(path));
    assert.ok(named.length > 100, `${named.length} names`);
    const unknown = named.filter(({ text }) => {
      const command = COMMANDS.find(({ name }) => name === text.split(/[\s|]/, 1)[0]);
      const options = [...text.matchAll(/--([a-z-]+)/g)].map(([, option = '']) => option);
      return command === undefined || !options.every((option) => Object.hasOwn(command.options, option));
    });
    assert.deepEqual(unknown, []);
  });

  test('name in capitals only what the source does: error codes, variables of the environment, words of other APIs', () => {
    const source = [
      ...readTree('src/*.ts', 'bench/*.ts', 'deploy/*', 'compose.yaml', 'clients/python/*.py').values(),
    ].join('\n');
    const words = new Set(source.match(/[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+/g));
    const named = mentions(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g).filter(({ page: path }) => !isHistory(path));
    assert.ok(named.length > 300, `${named.length} names`);
    assert.deepEqual(
      named.filter(({ text }) => !words.has(text)),
      [],
    );
  });

  test('name only subpaths that the package has', () => {
    const subpaths = mentions(/`bide(\/[\w/-]+)`/g);
    assert.ok(subpaths.length > 0);
    assert.deepEqual(
      subpaths.filter(({ text }) => !Object.hasOwn(MANIFEST.exports, `.${text}`)),
      [],
    );
  });

  test('say it in plain words', () => {
    const found = [...PAGES].flatMap(([path, text]) =>
      text
        .split('\n')
        .flatMap((line, at) => (OLD_WORDS.test(line) ? [`${path}:${at + 1} ${line.trim().slice(0, 60)}`] : [])),
    );
    assert.deepEqual(found, []);
  });

  test('speak of the project alone', () => {
    const everything = readTree('*.md', '*.ts', '*.js', '*.json', '*.sh', '*.sql', '.ci/*');
    const foreign = new RegExp(['/work/(main|shared)', '/tmp/i\\d', '\\bDESIGN\\b', '\\bSTYLE\\.md'].join('|'));
    const found = [...everything].filter(([path, text]) => path !== 'test/tidy-docs.test.ts' && foreign.test(text));
    assert.deepEqual(
      found.map(([path]) => path),
      [],
    );
  });
});

describe('the reference', () => {
  test('says of each parameter and field what it is', () => {
    const rows = mentions(/^(\| `.+)$/gm).filter(({ page: from }) => from.startsWith('docs/reference/api/'));
    assert.ok(rows.length > 200, `${rows.length} rows`);
    assert.deepEqual(
      rows.filter(({ text }) => /\| *\|$/.test(text)),
      [],
    );
  });
});

describe('the README', () => {
  test('gives newcomers one command to see it run and one to test it', () => {
    assert.match(page('README.md'), /npm ci && npm run demo/);
    assert.match(page('README.md'), /npm ci && npm test/);
  });
});

describe('ARCHITECTURE', () => {
  test('names every layer, in the order of the matrix', () => {
    const rows = [...page('ARCHITECTURE.md').matchAll(/^\| `(\w+)(?:\.ts)?`.*\|$/gm)].map(([, name]) => name);
    assert.deepEqual(
      rows,
      LAYERS.map(({ name }) => name),
    );
  });
});

describe('the decision records', () => {
  const records = listTree('docs/adr/0*.md');

  test('are numbered without a gap and listed', () => {
    const numbers = records.map((path) => Number(path.slice('docs/adr/'.length, 'docs/adr/0000'.length)));
    assert.deepEqual(
      numbers,
      records.map((_, index) => index + 1),
    );
    for (const path of records)
      assert.ok(page('docs/adr/README.md').includes(`(${path.slice('docs/adr/'.length)})`), path);
  });

  test('each have a date, a context, a decision, what was rejected, and consequences', () => {
    assert.ok(records.length >= 10);
    for (const path of records) {
      assert.match(page(path), /^# \d{4} · .+\n\n\d{4}-\d\d-\d\d · (accepted|replaced by \[\d{4}\])/, path);
      const headings = [...page(path).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
      assert.deepEqual(headings, ['Context', 'Decision', 'Rejected', 'Consequences'], path);
    }
  });
});

describe('the glossary', () => {
  test('has each word once, in the order of the alphabet', () => {
    const words = [...page('docs/reference/glossary.md').matchAll(/^\| \*\*(.+?)\*\* \|/gm)].map(
      ([, word]) => word ?? '',
    );
    assert.ok(words.length > 30);
    assert.deepEqual(words, [...new Set(words)].sort());
  });
});

describe('the changelog', () => {
  test('has a part for what is not released yet, and known kinds of changes only', () => {
    assert.match(page('CHANGELOG.md'), /^## \[Unreleased\]$/m);
    const kinds = [...page('CHANGELOG.md').matchAll(/^### (.+)$/gm)].map(([, kind]) => kind ?? '');
    const known = ['Breaking', 'Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    assert.deepEqual(
      kinds.filter((kind) => !known.includes(kind)),
      [],
    );
  });
});

describe('package.json', () => {
  test('exports sources in a checkout: a pack that was interrupted leaves built files there', () => {
    for (const target of Object.values(MANIFEST.exports)) {
      const path = typeof target === 'string' ? target : (target as Record<string, string>).default;
      assert.match(String(path), /^\.\/(src\/.*\.ts|package\.json)$/);
      assert.ok(existsSync(join(ROOT, String(path))), String(path));
    }
  });
});
