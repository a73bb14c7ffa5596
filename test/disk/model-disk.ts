/**
 * A disk that forgets what was not synced: after `cutPower` a file has the bytes of its last sync, or none, and is there only if its
 * folder was synced since it got its name. It may also be full.
 */
import { dirname } from 'node:path';
import type { Disk } from '../../src/disk/disk.ts';

interface Inode {
  bytes: Buffer;
  durable: Buffer;
}

export interface ModelDisk extends Disk {
  /** What a reader sees now. */
  contentOf(path: string): Buffer | null;
  files(): readonly string[];
  /** Steps so far: calls that changed something. */
  readonly steps: number;
  cutPower(): void;
}

export interface ModelOptions {
  /** Bytes that fit; a write past it rejects with ENOSPC. */
  readonly bytesMax?: number;
  /** Called before each step; what it throws is what the step rejects with. */
  readonly onStep?: (step: string) => void;
}

export function modelDisk({ bytesMax = Number.POSITIVE_INFINITY, onStep = () => {} }: ModelOptions = {}): ModelDisk {
  let now = new Map<string, Inode | 'folder'>([['/', 'folder']]);
  let durable = new Map(now);
  let steps = 0;
  const step = async (name: string) => {
    onStep(name);
    steps += 1;
    await null;
  };
  const used = () => [...now.values()].reduce((sum, node) => sum + (node === 'folder' ? 0 : node.bytes.length), 0);
  const requireFolder = (path: string) => {
    if (now.get(path) !== 'folder') throw fault('ENOENT', path);
  };
  return {
    get steps() {
      return steps;
    },
    async makeFolder(path) {
      await step('makeFolder');
      if (now.get(path) === 'folder') return false;
      for (let folder = path; !now.has(folder); folder = dirname(folder)) now.set(folder, 'folder');
      return true;
    },
    async createFile(path) {
      await step('createFile');
      requireFolder(dirname(path));
      if (now.has(path)) throw fault('EEXIST', path);
      const node: Inode = { bytes: Buffer.alloc(0), durable: Buffer.alloc(0) };
      now.set(path, node);
      return {
        async write(chunk) {
          await step('write');
          if (used() + chunk.length > bytesMax) throw fault('ENOSPC', path);
          node.bytes = Buffer.concat([node.bytes, chunk]);
        },
        async sync() {
          await step('sync');
          node.durable = node.bytes;
        },
        close: () => step('close'),
      };
    },
    async syncFile(path) {
      await step('syncFile');
      const node = now.get(path);
      if (node === undefined || node === 'folder') throw fault('ENOENT', path);
      node.durable = node.bytes;
    },
    async rename(from, to) {
      await step('rename');
      const node = now.get(from);
      if (node === undefined) throw fault('ENOENT', from);
      now.delete(from);
      now.set(to, node);
    },
    async remove(path) {
      now.delete(path);
    },
    async syncFolder(path) {
      await step('syncFolder');
      requireFolder(path);
      for (const name of durable.keys()) if (name !== path && dirname(name) === path) durable.delete(name);
      for (const [name, node] of now) if (dirname(name) === path) durable.set(name, node);
    },
    contentOf(path) {
      const node = now.get(path);
      return node === undefined || node === 'folder' ? null : node.bytes;
    },
    files: () => [...now].filter(([, node]) => node !== 'folder').map(([name]) => name),
    cutPower() {
      // A name in a folder that has lost its own is lost with it.
      const isThere = (path: string): boolean => path === '/' || (durable.has(path) && isThere(dirname(path)));
      now = new Map([...durable].filter(([path]) => isThere(path)));
      for (const node of now.values()) if (node !== 'folder') node.bytes = node.durable;
      durable = new Map(now);
    },
  };
}

function fault(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
