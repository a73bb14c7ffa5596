/**
 * `test/tidy/migrations.json`: the hash of every step of both schemas. New steps are added, known ones are never written again: a step
 * that was released has run somewhere, and `test/tidy-migrations.test.ts` fails when its text changes.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS as POSTGRES } from '../../src/store/postgres/schema/migrations.ts';
import { MIGRATIONS as SQLITE } from '../../src/store/sqlite/migrations.ts';
import { ROOT } from '../run/step.ts';

export const HASHES_PATH = 'test/tidy/migrations.json';

/** Hash by engine and step. */
export type Hashes = Readonly<Record<string, string>>;

export function currentHashes(): Hashes {
  const steps = [
    ...SQLITE.map(({ version, name, sql }) => [`sqlite ${version}: ${name}`, sql]),
    // The schema that an operator chooses stands for itself in the text.
    ...POSTGRES.map(({ version, name, sql }) => [`postgres ${version}: ${name}`, sql('SCHEMA')]),
  ];
  return Object.fromEntries(
    steps.map(([step = '', sql = '']) => [step, createHash('sha256').update(sql).digest('hex')]),
  );
}

export function knownHashes(): Hashes {
  const path = join(ROOT, HASHES_PATH);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Hashes) : {};
}

export function migrationsPage(): string {
  return `${JSON.stringify({ ...currentHashes(), ...knownHashes() }, null, 2)}\n`;
}
