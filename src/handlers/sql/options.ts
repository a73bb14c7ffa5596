/** What a config says of an `sql` type: the data that queries may read, and how much they may use. */
import { resolve } from 'node:path';

export interface SqlOptions {
  /** Table name -> data. These and nothing else can be read. */
  readonly datasets?: Readonly<Record<string, DataSet>>;
  /**
   * URLs from which callers may bring data of their own (`datasets` in the input); none when left out. Each allows itself and what
   * lies below it: `https://data.example.com/open/`. The port of a loopback host may be any: `http://127.0.0.1:*`.
   */
  readonly allowUrls?: readonly string[];
  /** Bytes of one data set fetched from a URL; 100 MiB when left out. */
  readonly urlBytesMax?: number;
  /** How long a fetched data set is used before it is fetched again; 5 minutes when left out. */
  readonly urlMaxAgeMs?: number;
  /** Lets URLs lead into private networks. */
  readonly allowPrivateAddresses?: boolean;
  /** Memory of one query in MiB; 512 when left out. A query that needs more fails: nothing is spilled to disk. */
  readonly memoryMib?: number;
  /** Threads of one query; 2 when left out. */
  readonly threads?: number;
  /** Rows of one result; 100,000 when left out. */
  readonly rowsMax?: number;
}

/** A path (relative to the config file), or where it is and what it is where the end of its name does not tell. */
export type DataSet =
  | string
  | { readonly path: string; readonly format?: DataFormat }
  | { readonly url: string; readonly format?: DataFormat };

export const DATA_FORMATS = ['parquet', 'csv', 'json'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

/** Where the rows of a table come from, with nothing left to guess. */
export type DataSource =
  | { readonly kind: 'file'; readonly path: string; readonly format: DataFormat }
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly format: DataFormat;
      /** The URLs that redirects may lead to or below, where a caller named this one; anywhere for those of the config. */
      readonly within?: readonly string[];
    };

/** The options with every default filled in and every path absolute. */
export interface SqlSettings extends Required<Omit<SqlOptions, 'datasets'>> {
  readonly datasets: Readonly<Record<string, DataSource>>;
}

const MIB = 1_024 * 1_024;

/** Only for options that the config's check has let pass. */
export function sqlSettingsOf(options: SqlOptions, baseDir: string): SqlSettings {
  const sources = Object.entries(options.datasets ?? {}).map(([name, data]) => [name, dataSourceOf(data, baseDir)]);
  return {
    datasets: Object.fromEntries(sources),
    allowUrls: options.allowUrls ?? [],
    urlBytesMax: options.urlBytesMax ?? 100 * MIB,
    urlMaxAgeMs: options.urlMaxAgeMs ?? 5 * 60_000,
    allowPrivateAddresses: options.allowPrivateAddresses ?? false,
    memoryMib: options.memoryMib ?? 512,
    threads: options.threads ?? 2,
    rowsMax: options.rowsMax ?? 100_000,
  };
}

function dataSourceOf(data: DataSet, baseDir: string): DataSource | null {
  const where = typeof data === 'string' ? { path: data } : data;
  const format = dataFormatOf(data);
  if (format === null) return null;
  return 'url' in where
    ? { kind: 'url', url: where.url, format }
    : { kind: 'file', path: resolve(baseDir, where.path), format };
}

const ENDINGS: readonly (readonly [RegExp, DataFormat])[] = [
  [/\.parquet$/i, 'parquet'],
  [/\.(csv|tsv)(\.gz|\.zst)?$/i, 'csv'],
  [/\.(json|jsonl|ndjson)(\.gz|\.zst)?$/i, 'json'],
];

/** Null where neither the data set nor the end of its name says it. */
export function dataFormatOf(data: DataSet): DataFormat | null {
  if (typeof data === 'object' && data.format !== undefined) return data.format;
  const name = typeof data === 'string' ? data : 'path' in data ? data.path : (URL.parse(data.url)?.pathname ?? '');
  return ENDINGS.find(([ending]) => ending.test(name))?.[1] ?? null;
}
