/**
 * The frame of the suite: one store per topic, one tenant and one job type per test, so that tests of a topic do not meet;
 * whatever looks at a whole store (sweeps, deliveries, lists of all tenants) gets a store of its own.
 */
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Store } from '../contract.ts';

/** One store under test, migrated and empty. */
export interface OpenedStore {
  readonly store: Store;
  /** One more handle on the same data, as another process would have. Wanted where `facts.isShared`. */
  another?(): Promise<Store>;
  /** Closes `store` and opens the same data again, as the next start of the process would. */
  reopen(): Promise<Store>;
  /** Closes every handle and removes the data. */
  cleanup(): Promise<void>;
}

export type OpenStore = () => Promise<OpenedStore>;

/** A test that a driver does not pass, by its exact title, and why that is right. */
export interface Skip {
  readonly test: string;
  readonly reason: string;
}

export interface Context {
  readonly store: Store;
  readonly opened: OpenedStore;
  /** Nobody else's: unique to the test. */
  readonly tenant: string;
  readonly type: string;
}

export type Run = (context: Context) => Promise<void>;

export interface Topic {
  readonly name: string;
  /** Runs in the store of the topic. */
  test(title: string, run: Run): void;
  /** Runs in a store of its own, empty at first. */
  alone(title: string, run: Run): void;
}

export type DefineTopic = (topic: Topic) => void;

export interface SuiteRun {
  readonly open: OpenStore;
  readonly skip: readonly Skip[];
  /** Titles seen, to tell a skip that names no test. */
  readonly titles: Set<string>;
}

export function defineTopic(run: SuiteRun, name: string, define: DefineTopic): void {
  describe(name, () => {
    let shared: OpenedStore | null = null;
    const opened = async (): Promise<OpenedStore> => {
      shared ??= await run.open();
      return shared;
    };
    before(async () => {
      await opened();
    });
    after(async () => {
      await shared?.cleanup();
    });
    define({
      name,
      test: (title, body) => register(run, title, async () => body(contextOf(await opened()))),
      alone: (title, body) => register(run, title, () => inStoreOfItsOwn(run.open, body)),
    });
  });
}

async function inStoreOfItsOwn(open: OpenStore, body: Run): Promise<void> {
  const opened = await open();
  try {
    await body(contextOf(opened));
  } finally {
    await opened.cleanup();
  }
}

function contextOf(opened: OpenedStore): Context {
  return { store: opened.store, opened, tenant: `tenant-${randomUUID()}`, type: `type-${randomUUID()}` };
}

function register(run: SuiteRun, title: string, body: () => Promise<void>): void {
  if (run.titles.has(title)) throw new Error(`Two tests of the suite have the title "${title}".`);
  run.titles.add(title);
  const skipped = run.skip.find((skip) => skip.test === title);
  if (skipped === undefined) test(title, body);
  else test(title, { skip: skipped.reason }, () => {});
}
