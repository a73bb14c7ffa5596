/**
 * A server as its users start it and a real browser that looks at its dashboard.
 *
 *   await using dashboard = await openDashboard();
 *   const page = await dashboard.signIn({ path: '/jobs' });
 *
 * Whatever a page complains of on the way (an error on the console, an uncaught one, a breach of the content policy, a request that
 * failed or was refused) fails the test when it ends, unless the test said beforehand that it is meant to happen (`allow`).
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Client, createClient } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { startChromium } from './chromium.ts';

export interface DashboardOptions {
  /** Text of a `bide.config.ts` in the data folder. Without one the playground's job types are there. */
  readonly config?: string;
  /** Further arguments of `bide serve`. */
  readonly args?: readonly string[];
  /** Fills the data folder before the server starts. */
  readonly prepare?: (data: string) => Promise<void>;
}

export interface LookOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
}

export interface SignInOptions extends LookOptions {
  /** Below the dashboard, with its query; the first page unless told. */
  readonly path?: string;
  /** The admin's unless told. */
  readonly key?: string;
  /** Another server's address, such as that of a proxy. */
  readonly url?: string;
}

export interface Dashboard extends Watched {
  readonly server: ServerProcess;
  readonly data: string;
  /** Base URL of the dashboard. */
  readonly url: string;
  /** Of the admin. */
  readonly client: Client;
  /** The link that the first start printed. It signs in once. */
  readonly link: string;
}

/** A browser whose pages are listened to. */
export interface Watched extends AsyncDisposable {
  readonly browser: Browser;
  /** A page in a profile of its own that nobody is signed in to. */
  visit(url: string, options?: LookOptions): Promise<Page>;
  /** The same, signed in by a key. */
  signIn(options?: SignInOptions): Promise<Page>;
  /** What matches is meant to happen from now on, on any page. */
  allow(pattern: RegExp): void;
  /** All complaints so far that nobody allowed. */
  troubles(): readonly string[];
}

export async function openDashboard({ config, args = [], prepare }: DashboardOptions = {}): Promise<Dashboard> {
  await using opened = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'bide-browser-'));
  opened.defer(() => rm(data, { recursive: true, force: true }));
  if (config !== undefined) await writeFile(join(data, 'bide.config.ts'), config);
  await prepare?.(data);
  const server = opened.use(await startServer({ data, args: config === undefined ? ['--playground', ...args] : args }));
  const link = /^dashboard (\S+)/m.exec(server.output())?.[1] ?? '';
  const watched = opened.use(await openBrowser({ url: server.url, key: server.key }));
  const rest = opened.move();
  return {
    ...watched,
    ...{ server, data, link, url: `${server.url}/dashboard` },
    client: createClient({ url: server.url, key: server.key }),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

interface BrowserOptions {
  /** Where `signIn` signs in, and with which key, unless told. */
  readonly url: string;
  readonly key: string;
}

/** One for all tests of a file: its start costs more CPU than most of them, and contexts share no more than profiles do. */
let chromium: Promise<Browser> | null = null;
after(async () => (await chromium)?.close());

export async function openBrowser({ url, key }: BrowserOptions): Promise<Watched> {
  chromium ??= startChromium();
  const browser = await chromium;
  const contexts: BrowserContext[] = [];
  const heard: string[] = [];
  const allowed: RegExp[] = [];
  const newContext = async ({ colorScheme = 'light', viewport = { width: 1280, height: 800 } }: LookOptions) => {
    const context = await browser.newContext({ colorScheme, viewport });
    contexts.push(context);
    await listen(context, (trouble) => {
      if (!allowed.some((pattern) => pattern.test(trouble))) heard.push(trouble);
    });
    return context;
  };
  return {
    browser,
    async visit(address, options = {}) {
      const page = await (await newContext(options)).newPage();
      await page.goto(address);
      return page;
    },
    async signIn({ path = '/', key: given = key, url: base = url, ...options } = {}) {
      const context = await newContext(options);
      const answer = await context.request.post(`${base}/dashboard/session`, { data: { key: given } });
      assert.equal(answer.status(), 200, await answer.text());
      const page = await context.newPage();
      await page.goto(`${base}/dashboard${path}`);
      return page;
    },
    allow: (pattern) => void allowed.push(pattern),
    troubles: () => [...heard],
    async [Symbol.asyncDispose]() {
      await Promise.all(contexts.map((context) => context.close()));
      assert.deepEqual(heard, [], 'The browser complained.');
    },
  };
}

/** Runs in the page, before anything of it. */
const REPORT_BREACHES =
  "addEventListener('securitypolicyviolation', (breach) =>" +
  " console.error('policy breached:', breach.violatedDirective, breach.blockedURI));";

async function listen(context: BrowserContext, hear: (trouble: string) => void): Promise<void> {
  await context.addInitScript(REPORT_BREACHES);
  context.on('console', (message) => {
    if (message.type() === 'error') hear(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => hear(`uncaught: ${String(error.error())}`));
  context.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // What a page gives up itself, and what ends with it, was not refused by anybody.
    if (why !== 'net::ERR_ABORTED') hear(`failed: ${request.method()} ${request.url()} ${why}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400)
      hear(`answered ${response.status()}: ${response.request().method()} ${response.url()}`);
  });
}
