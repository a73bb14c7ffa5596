/** The config of `npm run demo:standards`: the demo's jobs, and a host name for the clients of Google, who know no path. */

import demo from '../../examples/demo/bide.config.ts';
import { defineConfig } from '../../src/index.ts';

export default defineConfig({ ...demo, dialects: { lro: { hostName: 'localhost' } } });
