/** A store over a wire that the test can damage, in a database of its own. */
import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import type { Store } from '../../src/store/contract.ts';
import { type Context, withEmptyStores } from '../../src/store/contract-suite/suite.ts';
import type { TestServer } from './server.ts';
import { openAlone, type StoreSettings } from './stores.ts';
import { startWire, type Wire } from './wire.ts';

export interface Scene extends Context {
  readonly wire: Wire;
  /** Past the wire. */
  readonly url: string;
}

export async function inScene(
  server: TestServer,
  settings: StoreSettings,
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  const wire = await startWire(server.port);
  await using scene = new AsyncDisposableStack();
  // A wire that is left keeps the process, and the whole run with it.
  scene.defer(() => wire.end());
  let url = '';
  const through = (direct: string) => {
    url = direct;
    return wire.through(direct);
  };
  const opened = await openAlone(server, settings, through);
  scene.defer(() => opened.cleanup());
  scene.defer(() => wire.thaw());
  await withEmptyStores(
    () => openAlone(server),
    (openEmpty) => run({ store: opened.store, opened, openEmpty, tenant: 'tenant', type: 'type', wire, url }),
  );
}

/** Makes the call, lets the server do it, and loses the answer. */
export async function losing<T>({ wire }: Scene, call: () => Promise<T>): Promise<T> {
  const swallowed = wire.loseAnswers();
  const answer = call();
  await swallowed;
  wire.thaw();
  wire.cut();
  return answer;
}

/** A test that waits for longer than this for a store to come back has found a bug: backoffs end at 2 s. */
const BACK_MS_MAX = 10_000;

/** Resolves when the store answers; asks once per turn of the event loop, as callers in an outage do. */
export async function answersAgain(store: Store): Promise<void> {
  const deadline = performance.now() + BACK_MS_MAX;
  for (;;) {
    try {
      await store.ping();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await turn();
    }
  }
}

/** Looks at a catalog until the query answers a row: some 5 s, where what is looked for takes a few ms. */
const LOOKS_MAX = 10_000;

export async function untilRow(client: pg.Client, text: string): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) if ((await client.query(text)).rows.length > 0) return;
  throw new Error(`Still no row: ${text}`);
}
