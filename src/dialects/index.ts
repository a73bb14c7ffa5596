/** Every vendor dialect. The one place outside of the vendors' folders that names them. */
import type { Dialect } from '../http/dialect.ts';
import { a2a } from './a2a/index.ts';
import { immuta } from './immuta/index.ts';
import { kinetica } from './kinetica/index.ts';
import { lro } from './lro/index.ts';
import { mcp } from './mcp/index.ts';
import { openai } from './openai/index.ts';
import { replicate } from './replicate/index.ts';
import { silentpush } from './silentpush/index.ts';
import { symbl } from './symbl/index.ts';
import { toolkitapi } from './toolkitapi/index.ts';

/** Erases the type of a dialect's options: whoever mounts one hands it what its own `parseOptions` made. */
function anyOptions<Options>(dialect: Dialect<Options>): Dialect {
  return dialect as unknown as Dialect;
}

export const dialects: readonly Dialect[] = [
  anyOptions(silentpush),
  anyOptions(immuta),
  anyOptions(toolkitapi),
  anyOptions(kinetica),
  anyOptions(symbl),
  anyOptions(replicate),
  anyOptions(lro),
  anyOptions(openai),
  anyOptions(mcp),
  anyOptions(a2a),
];
