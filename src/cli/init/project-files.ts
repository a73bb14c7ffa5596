/** What stands in the files of a new project, as text: the starter of `examples/starter`, and what names the project and its key. */
import { readFileSync } from 'node:fs';

export interface ProjectShape {
  readonly name: string;
  readonly isJavaScript: boolean;
  /** False where the project's `.js` and `.ts` files are CommonJS: the new ones then say by their ending that they are modules. */
  readonly isModule: boolean;
  /** The admin key of the first start. */
  readonly key: string;
}

export interface ProjectFile {
  readonly path: string;
  readonly text: string;
  /** Holds a secret: nobody else may read it. */
  readonly isSecret?: boolean;
}

const CONFIG = 'bide.config';
const TEST = 'greet.test';
/** What git must leave alone. */
export const IGNORED = ['node_modules/', 'bide-data/', '.env'] as const;

export function projectFiles(shape: ProjectShape): readonly ProjectFile[] {
  const ending = `${shape.isModule ? '' : 'm'}${shape.isJavaScript ? 'js' : 'ts'}`;
  const named = (text: string) => text.replaceAll(/\b(bide\.config|greet\.test)\.[jt]s\b/g, `$1.${ending}`);
  const source = (name: string) => ({
    path: `${name}.${ending}`,
    text: named(starterFile(shape, `${name}.${shape.isJavaScript ? 'js' : 'ts'}`)),
  });
  return [
    source(CONFIG),
    source(TEST),
    { path: 'tsconfig.json', text: starterFile(shape, 'tsconfig.json') },
    { path: 'README.md', text: named(readmeOf(shape.name)) },
    { path: '.env', text: envOf(shape.key), isSecret: true },
  ];
}

function starterFile({ isJavaScript }: ProjectShape, name: string): string {
  const folder = isJavaScript ? 'javascript' : 'typescript';
  return readFileSync(new URL(`../../../examples/starter/${folder}/${name}`, import.meta.url), 'utf8');
}

function envOf(key: string): string {
  return `# Not for git. The first start of the server makes BIDE_ADMIN_KEY its admin key; programs that call it send BIDE_KEY.
BIDE_ADMIN_KEY=${key}
BIDE_KEY=${key}
BIDE_URL=http://127.0.0.1:7070
`;
}

function readmeOf(name: string): string {
  return `# ${name}

Jobs over HTTP with Bide. \`bide.config.ts\` says which types of jobs there are, and what each does.

    npm install
    npm run dev                                                # the server on http://127.0.0.1:7070; prints a link to its dashboard
    npx bide submit greet --input '{"name":"Ada"}' --wait      # a job, in a second shell
    npm test                                                   # runs greet.test.ts: no server, no waiting
    npm run types                                              # has the compiler look at all of it

\`npm start\` is the server without reloading. Its key is in \`.env\`, which git leaves alone; \`npx bide help\` shows all commands.
`;
}
