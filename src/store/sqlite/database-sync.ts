/** `DatabaseSync` of `node:sqlite`, taken when this module runs: see `require-node.ts` for why it is not imported by name. */
import type * as sqlite from 'node:sqlite';

/** There from Node 22.5 on; on older ones everything that leads here has been refused. */
const { DatabaseSync } = process.getBuiltinModule('node:sqlite') ?? {};

export { DatabaseSync };
export type DatabaseSync = sqlite.DatabaseSync;
