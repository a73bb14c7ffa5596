/**
 * Reads the config again while the server runs: the engine takes its job types and schedules, and everything else stays as it is: the port,
 * requests that are held, jobs that run.
 *
 * A config that cannot be used changes nothing. What the engine and the servers are built with (limits, dialects, the server's settings,
 * weights of tenants) takes a restart, and is named.
 */
import { isDeepStrictEqual } from 'node:util';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../config/load.ts';
import { invalidConfig } from '../config/load-failure.ts';
import type { RunningEngine } from '../engine/index.ts';
import {
  closeSnapshot,
  emptySnapshot,
  filesOf,
  isOfSnapshot,
  type ModuleSnapshot,
} from '../handlers/module-snapshot.ts';
import { reconcileSchedules } from './config-schedules.ts';
import { type Generation, generationOf } from './generation.ts';

export type Reloaded =
  | {
      readonly kind: 'reloaded';
      readonly types: readonly string[];
      readonly removed: readonly string[];
      /** Jobs that run on as they began. */
      readonly running: number;
      /** What has changed and takes a restart. */
      readonly needsRestart: readonly string[];
    }
  | { readonly kind: 'refused'; readonly error: Error }
  /** The server ends. */
  | { readonly kind: 'ending' };

export interface Reloader {
  /** The config and what it imports of its project, as last read, whether it could be used or not; null for what was looked for and not found. */
  files(): readonly { readonly path: string; readonly text: string | null }[];
  /** One at a time. Never rejects. */
  reload(): Promise<Reloaded>;
  /** Whether code of a config was on the way when this was thrown. */
  hasThrown(error: unknown): boolean;
}

interface Reading {
  readonly config: LoadedConfig;
  readonly generation: Generation;
  readonly snapshot: ModuleSnapshot;
}

/** The first reading of a config that is going to be read again: its types are those to start the engine with. */
export async function readFirst(options: LoadOptions): Promise<{
  readonly config: LoadedConfig;
  reloader(engine: RunningEngine): Reloader;
}> {
  const load = async (snapshot: ModuleSnapshot): Promise<Reading> => {
    const config = await loadConfig({ ...options, snapshot });
    return { config, generation: generationOf(config.jobTypes), snapshot };
  };
  const first = await load(emptySnapshot(1));
  return {
    config: { ...first.config, jobTypes: first.generation.jobTypes },
    reloader: (engine) => createReloader({ engine, first, load }),
  };
}

interface ReloaderOptions {
  readonly engine: RunningEngine;
  readonly first: Reading;
  /** CONFIG_INVALID where it cannot be used. */
  load(snapshot: ModuleSnapshot): Promise<Reading>;
}

const FIXED_PARTS = ['limits', 'server', 'dialects', 'deliveries', 'tenantWeights'] as const;

function createReloader({ engine, first, load }: ReloaderOptions): Reloader {
  let current = first;
  let seen = first.snapshot;
  let { number } = first.snapshot;
  // A config may take its time to load, or for ever.
  const ending = new Promise<null>((resolve) => engine.draining.addEventListener('abort', () => resolve(null)));

  async function reload(): Promise<Reloaded> {
    number += 1;
    const snapshot = emptySnapshot(number);
    const before = seen;
    seen = snapshot;
    try {
      const next = await Promise.race([load(snapshot), ending]);
      return next === null ? { kind: 'ending' } : { kind: 'reloaded', ...(await take(found(next))) };
    } catch (error) {
      // What it did not come to is watched all the same.
      for (const [url, source] of before.sources) if (!snapshot.sources.has(url)) snapshot.sources.set(url, source);
      closeSnapshot(snapshot);
      return { kind: 'refused', error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  /** A config that was there before is being edited, and not meant to be none. */
  function found(next: Reading): Reading {
    const { file } = current.config;
    if (next.config.file !== null || file === null) return next;
    throw invalidConfig(file, 'it is gone; put it back, or end the server');
  }

  async function take(next: Reading): Promise<Omit<Extract<Reloaded, { kind: 'reloaded' }>, 'kind'>> {
    const old = current;
    engine.retype(next.generation.jobTypes);
    try {
      await reconcileSchedules(engine, next.config);
    } catch (error) {
      engine.retype(old.generation.jobTypes);
      next.generation.retire(() => {});
      throw error;
    }
    current = next;
    const names = next.config.jobTypes.map(({ name }) => name);
    const told = {
      types: names,
      removed: old.config.jobTypes.flatMap(({ name }) => (names.includes(name) ? [] : [name])),
      running: old.generation.running,
      needsRestart: FIXED_PARTS.filter((part) => !isDeepStrictEqual(first.config[part], next.config[part])),
    };
    old.generation.retire(() => closeSnapshot(old.snapshot));
    return told;
  }

  return {
    files() {
      return filesOf(seen);
    },
    reload,
    hasThrown: isOfSnapshot,
  };
}
