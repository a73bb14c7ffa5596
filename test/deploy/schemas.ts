/** Schemas of Compose and of Kubernetes, from packages that no other test needs: installed where they are missing. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installIn } from '../process/own-packages.ts';

export const SCHEMAS = join(import.meta.dirname, 'schemas');

/** A `require` of those packages. */
export async function requireSchemas(): Promise<NodeJS.Require> {
  await installIn(SCHEMAS, 'The schemas');
  return createRequire(join(SCHEMAS, 'package.json'));
}
