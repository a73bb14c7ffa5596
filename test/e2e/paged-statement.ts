/** A statement without an order over three million flights, paged as the official iterators page it: which rows the pages have. */
const STATEMENT = 'select origin, destination, count(*) as n from flights group by origin, destination';
const PAGE_SIZE = 500;
/** Groups of the data; a statement that does not end is none of this test's. */
export const GROUPS = 3_399;
const PAGES_MAX = 20;

export const CONFIG_URL = new URL('../../examples/vendors/bide.config.ts', import.meta.url);

interface Page {
  readonly rows: readonly string[];
  readonly hasMore: boolean;
}

export interface PagedRows {
  readonly total: number;
  readonly distinct: number;
}

/** Asks the nodes in turn. @param options of `/execute/sql`, a `paging_table` most of all. */
export async function pagedRows(
  nodes: readonly string[],
  key: string,
  options: Readonly<Record<string, string>>,
): Promise<PagedRows> {
  const seen: string[] = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const url = `${nodes[page % nodes.length]}/kinetica/execute/sql`;
    const { rows, hasMore } = await pageAt(url, key, { offset: page * PAGE_SIZE, limit: PAGE_SIZE, options });
    seen.push(...rows);
    if (!hasMore) break;
  }
  return { total: seen.length, distinct: new Set(seen).size };
}

async function pageAt(url: string, key: string, asked: object): Promise<Page> {
  const authorization = `Basic ${Buffer.from(`anybody:${key}`).toString('base64')}`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ statement: STATEMENT, encoding: 'json', ...asked }),
  });
  const { message, data_str: text } = (await response.json()) as { message: string; data_str: string };
  if (!response.ok) throw new Error(message);
  const answer = JSON.parse(text);
  const { column_1: origins, column_2: destinations } = JSON.parse(answer.json_encoded_response);
  const rows = origins.map((origin: string, row: number) => `${origin} ${destinations[row]}`);
  return { rows, hasMore: answer.has_more_records };
}
