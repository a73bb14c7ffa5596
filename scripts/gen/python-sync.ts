/** `clients/python/src/bide/_sync/`: the client for threads, which is the client for asyncio without its words of waiting. */
import { readTree } from '../../test/tidy/tree.ts';

const FROM = 'clients/python/src/bide/_async/';
const TO = 'clients/python/src/bide/_sync/';
const HEAD = '# Made from `../_async` by `npm run gen`: edit there.\n';

/** In this order. Names of classes lose their `Async`; what only asyncio has was kept out of these files. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\basync (?=def|for|with)/g, ''],
  [/\bawait /g, ''],
  [/\bAwaitable\[T\]/g, 'T'],
  [/\bAwaitable, /g, ''],
  [/\bAsync(?=[A-Z])/g, ''],
  [/\bopen_async_/g, 'open_'],
  [/\baclose\b/g, 'close'],
  [/__a(?=(?:enter|exit|iter)__)/g, '__'],
];

export function pythonSyncPages(): Readonly<Record<string, () => string>> {
  const sources = [...readTree(`${FROM}*.py`)];
  return Object.fromEntries(sources.map(([path, text]) => [path.replace(FROM, TO), () => syncOf(path, text)]));
}

function syncOf(path: string, text: string): string {
  if (path.endsWith('__init__.py'))
    return `"""The client for threads: made from \`\`_async\`\` by \`\`npm run gen\`\`."""\n`;
  return HEAD + WORDS.reduce((rest, [word, plain]) => rest.replace(word, plain), text);
}
