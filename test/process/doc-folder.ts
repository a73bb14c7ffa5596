/** A document made ready to run: its files in a folder of its own, and what it runs one after another. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Stop, stopsOf } from './doc-blocks.ts';
import type { Fence } from './doc-fences.ts';

export interface DocFolder {
  readonly stops: readonly Stop[];
  /** Names in the folder of what has to type-check. */
  readonly typed: readonly string[];
  /** The config that the page is run against; null: that of `npm start`. */
  readonly config: string | null;
}

const ENDINGS: Readonly<Record<string, string>> = { python: 'py' };
const PROGRAMS: Readonly<Record<string, string>> = { js: 'node', ts: 'node', python: 'python3' };

/** Writes the files of the page. @param folder is made */
export function fillDocFolder(fences: readonly Fence[], folder: string): DocFolder {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const stops: Stop[] = [];
  const typed: string[] = [];
  let config: string | null = null;
  for (const [index, fence] of fences.entries()) {
    if (fence.kind === 'run' && fence.language === 'sh') stops.push(...stopsOf(fence.text));
    const file = fileOf(fence, index);
    if (file === null) continue;
    writeFileSync(join(folder, file), fence.kind === 'part' ? configWith(fence.text) : fence.text);
    if (['ts', 'tsx'].includes(fence.language)) typed.push(file);
    if (fence.kind === 'config run') config = file;
    if (fence.kind === 'run')
      stops.push({ command: `${PROGRAMS[fence.language]} '${file}'\n`, fragments: printedBy(fence.text) });
  }
  return { stops, typed, config };
}

/** A config of nothing else. */
function configWith(part: string): string {
  return `import { defineConfig } from 'bide/config';\nexport default defineConfig({ types: {}, ${part} });\n`;
}

/** What the block is called in the folder; null where it is no file. */
function fileOf({ kind, language, name }: Fence, index: number): string | null {
  const isFile =
    ['file', 'check', 'part', 'config', 'config run'].includes(kind) || (kind === 'run' && language !== 'sh');
  if (!isFile) return null;
  return name ?? (kind === 'config run' ? 'bide.config.ts' : `block-${index}.${ENDINGS[language] ?? language}`);
}

/** `console.log(x); // text` and `print(x)  # text` say what they print; `…` stands for anything. */
function printedBy(text: string): readonly string[] {
  const lines = text.matchAll(/^.*\b(?:console\.log|print)\(.*\);? +(?:\/\/|#) (.+)$/gm);
  return [...lines].flatMap(([, printed = '']) => printed.split('…')).filter((part) => part !== '');
}
