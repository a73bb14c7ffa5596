/** What a config says of an `sql` type: the data that queries may read, and how much they may use. */
export interface SqlOptions {
  /** Table name -> data. These and nothing else can be read. */
  readonly datasets?: Readonly<Record<string, DataSet>>;
  /**
   * URL prefixes from which callers may bring data of their own (`datasets` in the input); none when left out. A prefix is whole:
   * `https://data.example.com/open/` allows what lies below that folder.
   */
  readonly allowUrls?: readonly string[];
  /** Bytes of one data set fetched from a URL; 100 MiB when left out. */
  readonly urlBytesMax?: number;
  /** How long a fetched data set is used before it is asked for again; 5 minutes when left out. */
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

/** A path (relative to the config file), or where it is and what it is where the ending of its name does not tell. */
export type DataSet =
  | string
  | { readonly path: string; readonly format?: DataFormat }
  | { readonly url: string; readonly format?: DataFormat };

export const DATA_FORMATS = ['parquet', 'csv', 'json'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

export const SQL_DEFAULTS = Object.freeze({
  urlBytesMax: 100 * 1_024 * 1_024,
  urlMaxAgeMs: 5 * 60_000,
  memoryMib: 512,
  threads: 2,
  rowsMax: 100_000,
});
