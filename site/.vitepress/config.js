/** The site: the pages that `npm run docs` lays out in `pages/`, with search inside of it and nothing from anywhere else. */
import { readFileSync } from 'node:fs';

const { sidebar, version } = JSON.parse(readFileSync(new URL('../pages/site.json', import.meta.url), 'utf8'));

/** As code hosts make anchors, so that `page.md#what-happens-when` leads to the same place there and here. */
function slugify(title) {
  return title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replaceAll(/\s/gu, '-');
}

/** What a list of search results, or a page that shares the link, says of it: its first sentences, without marks. */
function summaryOf(text) {
  const prose = text
    .replace(/^---\n.*?\n---\n/s, '')
    .split(/\n\s*\n/)
    .find((part) => /^[^#<!|`:>\s-]/.test(part.trim()));
  if (prose === undefined) return undefined;
  const plain = prose
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return plain.length <= 160 ? plain : `${plain.slice(0, 157).replace(/\s\S*$/, '')}…`;
}

/** How things came to be is found last: decisions, the changelog, sources. */
function weightOf(id) {
  if (/\/(?:adr|project|source)\//.test(id)) return 0.2;
  return /\/(?:reference\/api|dialects)\//.test(id) ? 0.6 : 1;
}

const section = (text, link, room) => ({ text, link, activeMatch: `^/${room}/` });

export default {
  title: 'Bide',
  description: 'Asynchronous jobs over HTTP: submit work, get a job id, wait for it, fetch the result.',
  lang: 'en',
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  transformPageData(page) {
    const text = readFileSync(new URL(`../pages/${page.filePath}`, import.meta.url), 'utf8');
    const title = page.relativePath === 'index.md' ? 'Bide' : page.title;
    return { title, description: summaryOf(text) ?? page.description };
  },
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.SITE_BASE ?? '/'}icon.svg` }],
    ['meta', { name: 'theme-color', content: '#2f5bea' }],
  ],
  markdown: {
    anchor: { slugify },
    toc: { slugify },
    headers: { slugify },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  // The index of the search is one file, and is fetched by the first search alone.
  vite: { build: { chunkSizeWarningLimit: 3_000 } },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      section('Guides', sidebar.find(({ text }) => text === 'Guides')?.items[0]?.link ?? '/', 'guides'),
      section('Features', '/features/when-and-how-many', 'features'),
      section('Operations', '/operations/operating', 'operations'),
      section('API', '/reference/api/', 'reference/api'),
      section('Reference', '/reference/cli', 'reference/(?!api)'),
      { text: version, link: '/project/CHANGELOG' },
    ],
    sidebar,
    outline: { level: [2, 3], label: 'On this page' },
    search: {
      provider: 'local',
      options: {
        detailedView: true,
        miniSearch: { searchOptions: { fuzzy: 0.1, boost: { title: 6, text: 1, titles: 2 }, boostDocument: weightOf } },
      },
    },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'Apache-2.0', copyright: `Bide ${version}` },
    notFound: {
      title: 'No such page',
      quote: 'Nothing is at this address. The search above finds every page.',
      linkText: 'To the start',
      linkLabel: 'To the start',
    },
  },
};
