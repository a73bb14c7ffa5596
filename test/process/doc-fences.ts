/**
 * The code blocks of a document, each with what its info string says about it: language, kind, a file name, and why it is not run.
 *
 *     ```sh run                  ```ts file resize.ts                    ```sql example: needs a database of its own
 */
import { readTree } from '../tidy/tree.ts';

export interface Fence {
  /** `docs/guides/cron.md:12`. */
  readonly at: string;
  readonly language: string;
  /** `run`, `config`, …: empty where the block says none. */
  readonly kind: string;
  readonly name: string | null;
  readonly why: string | null;
  readonly text: string;
}

/** Languages that people copy and run: a block in one of them says how it is held to work. */
const RUNNABLE = new Set(['sh', 'js', 'jsx', 'ts', 'tsx', 'python', 'go', 'php', 'sql', 'html']);
const OTHERS = new Set([
  'json',
  'yaml',
  'toml',
  'ini',
  'http',
  'text',
  'mermaid',
  'nginx',
  'dockerfile',
  'diff',
  'promql',
]);

/** Which kinds there are, and what holds a block of each. */
export const KINDS: Readonly<Record<string, string>> = {
  run: 'runs in test/docs.test.ts, in the order of the page',
  config: 'is type-checked; `config run` is also the config of the server that the page is run against',
  'config run': 'is the config of the server that the page is run against',
  file: 'is written into the folder of the page before anything of it runs; TypeScript is type-checked',
  check: 'is type-checked',
  part: 'is type-checked as a part of a config',
  recipe: 'is run by a test of its own, which names the page',
  tour: 'is run by a test of its own, which names the page',
  library: 'is run by a test of its own, which names the page',
  example: 'is not run, and says why behind a colon',
};

const INFO = /^(?<kind>[a-z]+(?: run)?)?(?: (?<name>[\w./-]*\.\w+))?(?:: (?<why>.+))?$/;

export function fencesOf(path: string): readonly Fence[] {
  const text = readTree(path).get(path) ?? '';
  return [
    ...text.matchAll(/^(?<indent> *)```(?<language>\w+)(?: (?<info>[^\n]+))?\n(?<body>.*?)^\k<indent>```$/gms),
  ].map((match) => {
    const { indent = '', language = '', info = '', body = '' } = match.groups ?? {};
    const { kind = '', name = null, why = null } = INFO.exec(info)?.groups ?? { kind: info };
    const at = `${path}:${text.slice(0, match.index).split('\n').length}`;
    return {
      at,
      language,
      kind,
      name,
      why,
      text: indent === '' ? body : body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    };
  });
}

/** What is wrong with how the block says that it is held to work; null where all is well. @param isNamed whether a test names its page */
export function faultOf({ language, kind, why, name, text }: Fence, isNamed: boolean): string | null {
  if (!RUNNABLE.has(language) && !OTHERS.has(language))
    return `is in "${language}": write ${[...RUNNABLE, ...OTHERS].join(', ')}`;
  // Markdown ends the opening line of a block there, and shows the block as text.
  if (why?.includes('`')) return 'has a backtick in its first line';
  if (kind === 'example') return why === null ? 'is an example: say why it is not run, `sh example: needs …`' : null;
  if (!RUNNABLE.has(language))
    return kind === '' || kind === 'file' ? unreadable(language, text) : `cannot be "${kind}"`;
  if (!Object.hasOwn(KINDS, kind))
    return `says "${kind}" and is neither run nor an example: ${Object.keys(KINDS).join(', ')}`;
  if (kind === 'run' && !['sh', 'js', 'ts', 'python'].includes(language))
    return `is in ${language}, which is not run here: \`file\` and an \`sh run\` that starts it`;
  if (kind === 'file' && name === null) return 'is a file without a name: `ts file resize.ts`';
  if (KINDS[kind]?.includes('test of its own') && !isNamed) return `says "${kind}", but no test names the page`;
  return null;
}

/** JSON is short enough to be whole, or it is an example. */
function unreadable(language: string, text: string): string | null {
  if (language !== 'json') return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `is not JSON (${String(error)}): \`json example: why\``;
  }
}
