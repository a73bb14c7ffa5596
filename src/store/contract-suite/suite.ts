/**
 * The frame of the suite: one store per topic, one tenant and one job type per test, so that tests of a topic do not meet;
 * whatever looks at a whole store (sweeps, deliveries, lists of all tenants) gets a store of its own.
 */
import { randomUUID } from 'node:crypto';
import { after, describe, test as nodeTest, type TestOptions } from 'node:test';
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
  /** One more store, empty, with data of its own; it is cleaned up with the test. */
  openEmpty(): Promise<Store>;
  /** Nobody else's: unique to the test. */
  readonly tenant: string;
  readonly type: string;
}

export type Run = (context: Context) => Promise<void>;

export interface TopicTest {
  readonly title: string;
  /** In a store of its own, empty at first; else in the store of the topic. */
  readonly isAlone: boolean;
  readonly run: Run;
}

export type Topic = readonly TopicTest[];

export function test(title: string, run: Run): TopicTest {
  return { title, isAlone: false, run };
}

export function alone(title: string, run: Run): TopicTest {
  return { title, isAlone: true, run };
}

export interface SuiteRun {
  readonly open: OpenStore;
  readonly skip: readonly Skip[];
  /** Titles seen, to tell a skip that names no test. */
  readonly titles: Set<string>;
}

export function defineTopic(run: SuiteRun, name: string, topic: Topic): void {
  describe(name, () => {
    let shared: OpenedStore | null = null;
    const opened = async (): Promise<OpenedStore> => {
      shared ??= await run.open();
      return shared;
    };
    after(async () => {
      await shared?.cleanup();
    });
    for (const { title, isAlone, run: body } of topic) {
      register(run, title, async () => {
        if (isAlone) await inStoreOfItsOwn(run.open, body);
        else await withEmptyStores(run.open, async (openEmpty) => body(contextOf(await opened(), openEmpty)));
      });
    }
  });
}

async function inStoreOfItsOwn(open: OpenStore, body: Run): Promise<void> {
  const opened = await open();
  try {
    await withEmptyStores(open, (openEmpty) => body(contextOf(opened, openEmpty)));
  } finally {
    await opened.cleanup();
  }
}

/** Cleans up every store that `body` asked for. */
export async function withEmptyStores(
  open: OpenStore,
  body: (openEmpty: Context['openEmpty']) => Promise<void>,
): Promise<void> {
  const more: OpenedStore[] = [];
  const openEmpty = async () => {
    const opened = await open();
    more.push(opened);
    return opened.store;
  };
  try {
    await body(openEmpty);
  } finally {
    for (const opened of more) await opened.cleanup();
  }
}

function contextOf(opened: OpenedStore, openEmpty: Context['openEmpty']): Context {
  const names = { tenant: `tenant-${randomUUID()}`, type: `type-${randomUUID()}` };
  return { store: opened.store, opened, openEmpty, ...names };
}

function register(run: SuiteRun, title: string, body: () => Promise<void>): void {
  if (run.titles.has(title)) throw new Error(`Two tests of the suite have the title "${title}".`);
  run.titles.add(title);
  nodeTest(title, optionsOf(run.skip, title), body);
}

function optionsOf(skips: readonly Skip[], title: string): TestOptions {
  const reason = skips.find((skip) => skip.test === title)?.reason;
  return reason === undefined ? {} : { skip: reason };
}
