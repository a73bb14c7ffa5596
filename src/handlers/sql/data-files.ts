/**
 * Makes every data set that a query names a Parquet file that DuckDB can read at once.
 *
 * Parquet files are read where they are. CSV and JSON are converted once per version of the file: finding out their types takes
 * 50 ms per megabyte of CSV at every query, the converted file 1.5 ms (measured on two cores, November 2025). URLs are fetched here, by
 * Node, since DuckDB's own network access stays off. Everything made lands in the cache folder under a name of its own and is renamed
 * into place, so that several processes may share it. A power cut leaves no empty file there, which later queries would take for the data.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { placeLasting } from '../../disk/lasting.ts';
import { PrivateAddressError } from '../../net/guarded-lookup.ts';
import { exchanger, RedirectError } from '../http/exchange.ts';
import { isAllowedUrl } from './allowed-url.ts';
import type { DataFormat, DataSource, SqlSettings } from './options.ts';
import { quoted } from './quoted.ts';
import type { Sandbox } from './sandbox.ts';
import { withoutMark } from './without-mark.ts';

/** A query opens the files that it was given within seconds. */
const OLD_MS = 60_000;

export interface DataFilesOptions {
  readonly settings: SqlSettings;
  readonly cacheDir: string;
  /** A sandbox that is not locked, for conversions. Called only when one is needed. */
  openSandbox(): Promise<Pick<Sandbox, 'connection' | 'close'>>;
}

/** A data set that cannot be had; the message is for the caller. */
export class DataSetError extends Error {
  override readonly name = 'DataSetError';
  /** Whether another attempt may find it. */
  readonly isPassing: boolean;

  constructor(message: string, isPassing: boolean) {
    super(message);
    this.isPassing = isPassing;
  }
}

export type DataFiles = ReturnType<typeof dataFiles>;

export function dataFiles(options: DataFilesOptions) {
  const upstream = exchanger({ allowPrivateAddresses: options.settings.allowPrivateAddresses });
  return {
    /** Path of the Parquet file with the rows of this data set. Throws DataSetError. */
    async parquetFile(name: string, source: DataSource, signal: AbortSignal): Promise<string> {
      const original =
        source.kind === 'file' ? source.path : await fetched(options, upstream, { name, source, signal });
      const version = await versionOf(name, original);
      if (source.format === 'parquet') return original;
      const prefix = hashOf(`${original}\0${source.format}`);
      const file = join(options.cacheDir, `${prefix}-${hashOf(version)}.parquet`);
      if (await exists(file)) return file;
      await convert(options, { subject: subjectOf(name, source), original, file, format: source.format });
      await removeOlder(options.cacheDir, prefix, file);
      return file;
    },
  };
}

interface Subject {
  readonly name: string;
  /** The beginning of a sentence. */
  readonly words: string;
}

/** Whoever named a URL knows it by that, without what may be a secret in it; a vendor's caller has never heard of the name of the data set. */
function subjectOf(name: string, source: DataSource): Subject {
  if (source.kind === 'file' || source.within === undefined) return { name, words: `The data set ${name}` };
  const { origin, pathname } = new URL(source.url);
  return { name: `${origin}${pathname}`, words: `The data at ${origin}${pathname}` };
}

async function convert(
  { openSandbox }: DataFilesOptions,
  { subject, original, file, format }: { subject: Subject; original: string; file: string; format: DataFormat },
): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  const unmarked = `${draft}.unmarked`;
  const sandbox = await openSandbox();
  try {
    const readable = format === 'csv' ? original : await withoutMark(original, unmarked);
    await sandbox.connection.run(
      `COPY (FROM ${format === 'csv' ? 'read_csv' : 'read_json'}(${quoted(readable)})) TO ${quoted(draft)} (FORMAT parquet)`,
    );
    await placeLasting(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    const [reason = ''] = String((error as Error).message)
      .replaceAll(unmarked, subject.name)
      .replaceAll(original, subject.name)
      .split('\n', 1);
    throw new DataSetError(`${subject.words} cannot be read as ${format}: ${reason}`, false);
  } finally {
    sandbox.close();
    await rm(unmarked, { force: true });
  }
}

/** Earlier versions of the file. Young ones stay: a query of another process may be about to open one. */
async function removeOlder(cacheDir: string, prefix: string, kept: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    const file = join(cacheDir, name);
    if (!name.startsWith(prefix) || file === kept) continue;
    const madeAt = (await modifiedAt(file)) ?? 0;
    if (Date.now() - madeAt > OLD_MS) await rm(file, { force: true });
  }
}

interface Fetch {
  readonly name: string;
  readonly source: Extract<DataSource, { kind: 'url' }>;
  readonly signal: AbortSignal;
}

async function fetched(
  { settings, cacheDir }: DataFilesOptions,
  upstream: ReturnType<typeof exchanger>,
  { name, source, signal }: Fetch,
): Promise<string> {
  // The end of the name matters: DuckDB tells compressed files by it.
  const ending = /(\.[a-z]{2,7}){1,2}$/i.exec(new URL(source.url).pathname)?.[0] ?? '';
  // What the config's free redirects brought is not what a caller may have under the same URL.
  const file = join(cacheDir, `${hashOf(`${source.within === undefined ? '' : 'named '}${source.url}`)}${ending}`);
  const ageMs = Date.now() - ((await modifiedAt(file)) ?? Number.NEGATIVE_INFINITY);
  if (ageMs < settings.urlMaxAgeMs) return file;
  const draft = `${file}.${randomUUID()}`;
  const { words } = subjectOf(name, source);
  try {
    await download(source, draft, { upstream, bytesMax: settings.urlBytesMax, signal });
    await placeLasting(draft, file);
    return file;
  } catch (error) {
    await rm(draft, { force: true });
    if (error instanceof DataSetError) throw new DataSetError(`${words} ${error.message}`, error.isPassing);
    if (error instanceof PrivateAddressError || error instanceof RedirectError) {
      throw new DataSetError(`${words} cannot be fetched: ${error.message}`, false);
    }
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DataSetError(`${words} cannot be fetched: ${code ?? message}.`, true);
  }
}

const REDIRECTS_MAX = 5;

async function download(
  { url, within }: Fetch['source'],
  file: string,
  { upstream, bytesMax, signal }: { upstream: ReturnType<typeof exchanger>; bytesMax: number; signal: AbortSignal },
): Promise<void> {
  const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'bide' };
  const request = {
    url: new URL(url),
    method: 'GET',
    headers,
    body: null,
    signal,
    redirectsMax: REDIRECTS_MAX,
    ...(within === undefined ? {} : { mayRedirectTo: (target: URL) => isAllowedUrl(within, target.href) }),
  };
  const { status, body } = await upstream.exchange(request);
  if (status !== 200) {
    body.destroy();
    throw new DataSetError(`cannot be fetched: its server answered ${status}.`, status === 429 || status >= 500);
  }
  await pipeline(body, upTo(bytesMax), createWriteStream(file), { signal });
}

function upTo(bytesMax: number) {
  return async function* (source: AsyncIterable<Buffer>) {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.byteLength;
      if (size > bytesMax) throw new DataSetError(`has more than ${bytesMax} bytes (urlBytesMax).`, false);
      yield chunk;
    }
  };
}

async function versionOf(name: string, path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs} ${size}`;
  } catch (error) {
    throw new DataSetError(
      `The file of the data set ${name} cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
      true,
    );
  }
}

async function modifiedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await modifiedAt(path)) !== null;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
