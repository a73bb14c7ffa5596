/**
 * `--env-file FILE`: variables of a file, set before anything else is read, for Bide and for the functions of the config alike.
 *
 * As Node's own option of this name: what the environment has already stays, so that a deployment overrides the file.
 */
import type { OptionTable, OptionValues } from '../option.ts';
import { usageError } from '../usage-error.ts';

export const ENV_FILE_OPTION = {
  'env-file': {
    kind: 'text',
    value: 'FILE',
    help: 'a file of NAME=VALUE lines, set before anything else; what is set already stays',
  },
} as const satisfies OptionTable;

export function readEnvFile({ 'env-file': file }: OptionValues<typeof ENV_FILE_OPTION>): void {
  if (file === undefined) return;
  try {
    // Not imported by name: it came with Node 20.12, and a module that does not link keeps `bide init` from running on the ones before.
    process.loadEnvFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageError(`The file ${file} of --env-file cannot be read (${code}): it holds lines such as NAME=VALUE.`);
  }
}
