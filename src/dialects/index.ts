/** Every vendor dialect. The one place outside of the vendors' folders that names them. */
import type { Dialect } from './dialect.ts';
import { silentpush } from './silentpush/index.ts';

export const dialects: readonly Dialect[] = [silentpush];
