/** Checks of the machine and of the files: Node, config, data folder, disk. None of them changes anything that is kept. */
import { existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BideError, ERRORS } from '../../core/errors.ts';
import { examineFolder } from '../service/writable-folder.ts';
import { type Finding, fine, problem } from './doctor-check.ts';

const NODE_MAJOR_MIN = 24;
/** Below this a burst of large results can fill the disk before anybody has read a warning. */
const FREE_BYTES_MIN = 512 * 1024 * 1024;

export function checkNode(): Finding {
  const { node } = process.versions;
  if (Number(node.split('.')[0]) >= NODE_MAJOR_MIN) return fine('node', `Node ${node} on ${process.platform}`);
  return problem('node', `Node ${node} is too old`, `Install Node ${NODE_MAJOR_MIN} or newer.`);
}

/** The config, and for each of its types what it needs of this machine. */
export async function checkConfigFile(configFile: string | undefined): Promise<readonly Finding[]> {
  const { checkConfig } = await import('../../app.ts');
  try {
    const { file, jobTypes } = await checkConfig(configFile);
    const count = `${jobTypes.length} job type${jobTypes.length === 1 ? '' : 's'}`;
    const read = fine('config', file === null ? 'no config file: fine with --playground' : `${file}: ${count}`);
    return [read, ...jobTypes.flatMap(checkType)];
  } catch (error) {
    if (!(error instanceof BideError)) throw error;
    return [problem('config', error.message, ERRORS[error.code].advice)];
  }
}

interface TypeToCheck {
  readonly name: string;
  readonly handler: 'remote' | { readonly kind: string; missing?(): readonly string[] };
}

/** Nothing where nothing of this machine is needed. */
function checkType({ name, handler }: TypeToCheck): readonly Finding[] {
  if (handler === 'remote' || handler.missing === undefined) return [];
  const missing = handler.missing();
  const what = handler.kind === 'command' ? 'program' : 'data sets';
  if (missing.length === 0) return [fine(`type ${name}`, `its ${what} can be found`)];
  const advice = 'Put it there for the user that runs Bide, or change the config. Jobs of this type fail until then.';
  return missing.map((sentence) => problem(`type ${name}`, sentence, advice));
}

/** The folder itself, and the key that lies in it. */
export function checkFolder(folder: string): readonly Finding[] {
  const path = resolve(folder);
  const found = examineFolder(path);
  if (found.kind === 'absent')
    return [fine('data folder', `${path} is not there yet: the first \`bide serve\` makes it`)];
  if (found.kind === 'writable') {
    return [fine('data folder', `${path} can be written`), ...checkKeyFile(join(path, 'admin.key'))];
  }
  const { place, reason } = found;
  if (reason === 'ENOTDIR') return [problem('data folder', `${place} is no folder`, 'Name another with --data.')];
  const advice = `Give the user that runs Bide write permission on ${place}, or name another folder with --data.`;
  return [problem('data folder', `${path} cannot be written (${reason} in ${place})`, advice)];
}

function checkKeyFile(path: string): readonly Finding[] {
  if (!existsSync(path) || process.platform === 'win32') return [];
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return [fine('admin key', 'readable by its owner only')];
  return [problem('admin key', `${path} can be read by others (mode ${mode.toString(8)})`, `Run: chmod 600 ${path}`)];
}

export async function checkDisk(folder: string): Promise<Finding> {
  let path = resolve(folder);
  while (!existsSync(path) && path !== dirname(path)) path = dirname(path);
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  const size = free >= 2 ** 30 ? `${(free / 2 ** 30).toFixed(1)} GiB` : `${Math.floor(free / 2 ** 20)} MiB`;
  if (free >= FREE_BYTES_MIN) return fine('disk', `${size} free for ${path}`);
  const advice = 'Free some space: a full disk refuses submits (nothing acknowledged is lost).';
  return problem('disk', `only ${size} free for ${path}`, advice);
}
