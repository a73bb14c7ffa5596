/**
 * A container without an engine: the layers of an image over the machine's own /usr, in namespaces of their own, entered as an engine does
 * it. The root is read-only, the user is the image's, and no capability is left. What an engine adds (the base image, cgroups, seccomp) is not there.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Of the machine and of the container, whose /usr is one. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Says why not, or null. */
export function whyNoContainer(): string | null {
  for (const tool of ['unshare', 'nsenter', 'setpriv', 'chroot', 'mount'])
    if (spawnSync(tool, ['--help']).error !== undefined) return `${tool} is missing`;
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return status === 0 ? null : 'this user may not make namespaces and mounts';
}

export interface ContainerOptions {
  readonly folder: string;
  /** What the image copied, to be mounted over the root. */
  readonly layers: string;
  /** Shell lines of the image's RUN. */
  readonly runs: readonly string[];
  readonly user: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Folders of the machine, by their place in the container; writable where they end in `:rw`. */
  readonly mounts: Readonly<Record<string, string>>;
}

export interface Container extends AsyncDisposable {
  said(): string;
  /** Resolves with the first group once it has said so; rejects when it ends without. */
  saying(pattern: RegExp): Promise<string>;
  /** As `docker exec`: its code, and what it printed, errors apart. */
  exec(
    command: readonly string[],
  ): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }>;
  /** As `docker stop`, without an end to its patience. */
  stop(): Promise<number | null>;
}

/** As root, in the new namespaces: $1 the folder of the new root. */
function setupOf({ layers, runs, mounts }: ContainerOptions): string {
  const bind = Object.entries(mounts).map(([to, from]) => {
    const [place = '', mode] = from.split(':');
    return `mkdir -p "$1${to}"; mount --bind '${place}' "$1${to}"${mode === 'rw' ? '' : `; mount -o remount,bind,ro "$1${to}"`}`;
  });
  return `set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
for name in usr lib lib64 bin sbin etc; do
  if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$1/$name"
  elif [ -d "/$name" ]; then mkdir "$1/$name"; mount --bind "/$name" "$1/$name"; fi
done
mkdir "$1/dev" "$1/proc" "$1/tmp" "$1/root"
mount --bind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/usr/local"
mkdir "$1/usr/local/bin"
touch "$1/usr/local/bin/node"
mount --bind '${process.execPath}' "$1/usr/local/bin/node"
for place in '${layers}'/*; do mkdir -p "$1/$(basename "$place")"; mount --bind "$place" "$1/$(basename "$place")"; done
${runs.map((run) => `chroot "$1" sh -euc '${run.replaceAll("'", "'\\''")}'`).join('\n')}
for place in '${layers}'/* /usr /etc /usr/local; do mount -o remount,bind,ro "$1/\${place#'${layers}/'}"; done
mount -t tmpfs -o nosuid,nodev,noexec tmpfs "$1/tmp"
chmod 1777 "$1/tmp"
${bind.join('\n')}
mount -o remount,ro "$1"
`;
}

const entered = ({ user, workdir, env }: ContainerOptions, command: readonly string[]) => {
  const [uid = '', gid = ''] = user.split(':');
  const given = Object.entries({ PATH, ...env }).map(([name, value]) => `${name}=${value}`);
  const least = ['--clear-groups', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'];
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    ...least,
    'env',
    '-i',
    `--chdir=${workdir}`,
    ...given,
    ...command,
  ];
};

export function startContainer(options: ContainerOptions): Container {
  const root = join(options.folder, 'root');
  mkdirSync(root);
  const script = join(options.folder, 'setup.sh');
  writeFileSync(script, `${setupOf(options)}shift; exec chroot '${root}' "$@"\n`);
  const args = ['--mount', '--pid', '--fork', 'sh', script, root, ...entered(options, options.command)];
  const child = spawn('unshare', args, { env: { PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listeners = new Set<() => void>();
  const hear = (chunk: Buffer) => {
    said += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    said: () => said,
    saying: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(said);
          if (match !== null) resolve(match[1] ?? '');
        };
        listeners.add(look);
        look();
        void ended.then((code) => reject(new Error(`It ended with ${code} without saying ${pattern}:\n${said}`)));
      }),
    async exec(command) {
      const into = ['--target', String(initOf(child)), '--mount', '--pid', '--root', '--wd'];
      const inside = spawn('nsenter', [...into, ...entered(options, command)], {
        env: { PATH },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [output, errors, [code]] = await Promise.all([
        text(inside.stdout),
        text(inside.stderr),
        once(inside, 'close'),
      ]);
      return { code: code as number | null, output, errors };
    },
    stop() {
      process.kill(initOf(child), 'SIGTERM');
      return ended;
    },
    async [Symbol.asyncDispose]() {
      // By its number: a process that has changed its user does not end with its parent.
      if (child.exitCode === null) process.kill(initOf(child), 'SIGKILL');
      await ended;
    },
  };
}

/** Process 1 of the container, as the machine numbers it. */
function initOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

export function ownedBy(folder: string, user: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('chown', [user, folder]);
}
