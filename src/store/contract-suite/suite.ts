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
        else await body(contextOf(await opened()));
      });
    }
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
  nodeTest(title, optionsOf(run.skip, title), body);
}

function optionsOf(skips: readonly Skip[], title: string): TestOptions {
  const reason = skips.find((skip) => skip.test === title)?.reason;
  return reason === undefined ? {} : { skip: reason };
}
