/** Whether errors are told whole, with their stack and their causes: for whoever looks for a fault in Bide itself. */
import type { Environment } from './connection.ts';

export function isDebugging(env: Environment): boolean {
  return env.BIDE_DEBUG === '1';
}
