/** `bide init`: a project of one's own, which runs, type-checks and passes its test as it stands. */
import { defineCommand, type Invocation } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { makeProject } from '../init/make-project.ts';
import type { OptionTable } from '../option.ts';

const OPTIONS = {
  javascript: { kind: 'flag', help: 'JavaScript in place of TypeScript; the compiler checks it all the same' },
} as const satisfies OptionTable;

const NODE_MAJOR_MIN = 24;

export const init = defineCommand({
  name: 'init',
  summary: 'make a project with a job type of your own',
  description:
    'Writes a config with one typed function, its test, a package.json, a tsconfig.json, a README and a .env with a key of its own into FOLDER, or here. ' +
    'Files that are there stay as they are: package.json and .gitignore get what is missing, any other is refused by its name and nothing is written.',
  arguments: { usage: '[FOLDER]', min: 0, max: 1 },
  options: OPTIONS,
  examples: ['bide init my-app', 'bide init --javascript'],
  run: initProject,
});

async function initProject({ args, values, env, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const folder = args[0] ?? '.';
  const files = makeProject({
    folder,
    isJavaScript: values.javascript,
    isNodeOld: isOld(process.versions.node) || isOld(/\bnode\/v(\d[\d.]*)/.exec(env.npm_config_user_agent ?? '')?.[1]),
  });
  if (values.json) {
    terminal.line(JSON.stringify({ folder, files }));
    return EXIT.succeeded;
  }
  terminal.line(`made ${folder === '.' ? '' : `${folder}: `}${files.join(', ')}`);
  terminal.line('');
  terminal.line(`next:    ${folder === '.' ? '' : `cd ${quoted(folder)} && `}npm install && npm run dev`);
  terminal.line(
    `a job:   npx bide submit greet --input '{"name":"Ada"}' --wait   (in a second shell, in the same folder)`,
  );
  return EXIT.succeeded;
}

/** Of the Node that the user has: npm says it, where a newer one of the `node` package runs this. */
function isOld(version: string | undefined): boolean {
  return version !== undefined && Number.parseInt(version, 10) < NODE_MAJOR_MIN;
}

function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
