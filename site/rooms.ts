/** The rooms of the site and the order of their pages. A page that is not named here comes after the others of its room, by its title. */

export interface Room {
  readonly title: string;
  /** Whose pages these are: a path from `docs/`, which ends with a slash where it is a folder. */
  readonly pages: readonly string[];
  /** Only its first page is shown, which lists the others. */
  readonly isFolded?: boolean;
}

export const ROOMS: readonly Room[] = [
  { title: 'Start', pages: ['index.md', 'getting-started.md', 'concepts.md', 'comparison.md', 'faq.md'] },
  {
    title: 'Guides',
    pages: [
      'guides/put-an-api-behind-jobs.md',
      'guides/write-a-worker.md',
      'guides/llm-calls.md',
      'guides/long-sql.md',
      'guides/ffmpeg.md',
      'guides/progress-bar-react.md',
      'guides/webhooks.md',
      'guides/cron.md',
      'guides/exactly-once.md',
      'guides/to-postgresql.md',
      'guides/',
    ],
  },
  {
    title: 'Features',
    pages: [
      'features/handlers.md',
      'features/when-and-how-many.md',
      'features/schedules.md',
      'features/limits-per-key.md',
      'features/fairness.md',
      'features/unique.md',
      'features/groups.md',
      'features/after.md',
      'features/signals.md',
      'features/webhooks.md',
      'features/feed.md',
      'features/dashboard.md',
      'features/',
    ],
  },
  { title: 'Other APIs', pages: ['dialects/index.md', 'dialects/'] },
  {
    title: 'Operations',
    pages: ['operations/operating.md', 'operations/troubleshooting.md', 'operations/', 'security.md', 'upgrading.md'],
  },
  {
    title: 'API, call by call',
    pages: [
      'reference/api/index.md',
      'reference/api/jobs.md',
      'reference/api/groups.md',
      'reference/api/schedules.md',
      'reference/api/limits.md',
      'reference/api/work.md',
      'reference/api/',
    ],
  },
  {
    title: 'Reference',
    pages: ['reference/cli.md', 'reference/errors.md', 'reference/limits.md', 'reference/lifecycle.md', 'reference/'],
  },
  { title: 'Project', pages: ['project/README.md', 'project/ARCHITECTURE.md', 'project/'] },
  { title: 'Decisions', pages: ['adr/index.md', 'adr/'], isFolded: true },
];

export interface Page {
  /** From the top of the site, `features/unique.md`. */
  readonly path: string;
  readonly title: string;
}

export interface SidebarRoom {
  readonly text: string;
  readonly items: readonly { readonly text: string; readonly link: string }[];
}

/** Every page is in one room. A folder stands for what of it no other line names. */
export function sidebarOf(pages: readonly Page[], rooms: readonly Room[] = ROOMS): readonly SidebarRoom[] {
  const named = new Set(rooms.flatMap((room) => room.pages));
  const of = (place: string) => {
    if (!place.endsWith('/')) return pages.filter(({ path }) => path === place);
    const rest = pages.filter(({ path }) => roomOf(path, named) === place && !named.has(path));
    return rest.sort((a, b) => (place === 'adr/' ? a.path.localeCompare(b.path) : a.title.localeCompare(b.title)));
  };
  const all = rooms.map(({ title: text, pages: places, isFolded = false }) => ({
    text,
    isFolded,
    own: places.flatMap(of),
  }));
  const count = all.flatMap(({ own }) => own).length;
  if (count !== pages.length) throw new Error(`${pages.length} pages, and ${count} are in a room of site/rooms.ts`);
  return all
    .filter(({ own }) => own.length > 0)
    .map(({ text, isFolded, own }) => ({ text, items: (isFolded ? own.slice(0, 1) : own).map(linkTo) }));
}

function linkTo({ path, title }: Page) {
  return { text: title, link: `/${path}` };
}

/** The nearest folder that a room names. */
function roomOf(path: string, named: ReadonlySet<string>): string | undefined {
  return [...named]
    .filter((place) => place.endsWith('/') && path.startsWith(place))
    .sort((a, b) => b.length - a.length)[0];
}
