/** One type for the workers of this folder: each of them counts as far as it is told, and says how far it is. */
import { defineConfig, remote } from 'bide/config';

export default defineConfig({ types: { count: remote() } });
