/** Whether the optional package that `sql` types need is there. Finding it loads nothing of its 70 MB. */
import { createRequire } from 'node:module';

export function isDuckdbInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('@duckdb/node-api');
    return true;
  } catch {
    return false;
  }
}
