/**
 * All vendors at once, on real data: `npx bide serve --config examples/vendors/bide.config.ts`, then point a vendor's client at
 * http://127.0.0.1:7070/<vendor>. Each vendor's job types and options are in a file of their own beside this one.
 */
import { defineConfig } from 'bide';
import { silentpushOptions, silentpushTypes } from './silentpush.ts';

export default defineConfig({
  types: {
    ...silentpushTypes,
  },
  dialects: {
    silentpush: { options: silentpushOptions },
  },
});
