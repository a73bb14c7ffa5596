/** `bide doctor`: what is well here and what is not, each with what to do. */
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, targetOf } from '../connection.ts';
import type { Finding } from '../doctor/doctor-check.ts';
import { checkConfigFile, checkDisk, checkFolder, checkNode } from '../doctor/doctor-machine.ts';
import { checkServer, checkStore } from '../doctor/doctor-service.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { DATA_FOLDER } from '../service/data-folder.ts';
import { databaseOf, namesDatabase, STORE_OPTIONS } from '../service/database-choice.ts';
import { printable } from '../terminal/printable.ts';

const OPTIONS = {
  config: { kind: 'text', value: 'FILE', help: 'the config to check (bide.config.ts, where there is one)' },
  ...STORE_OPTIONS,
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'check this machine, the config, the data and the server',
  description: 'Changes nothing. Exit code 1 when it found a problem.',
  options: OPTIONS,
  examples: ['bide doctor', 'bide doctor --data /var/lib/bide --config bide.config.ts', 'bide doctor --json'],
  run: examine,
});

async function examine({ values, env, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const dataFolder = values.data ?? DATA_FOLDER;
  const server = await checkServer(targetOf(values, env));
  const isServedHere = server.isRunning && !namesDatabase(values);
  const findings: readonly Finding[] = [
    checkNode(),
    ...(await checkConfigFile(values.config)),
    ...checkFolder(dataFolder),
    await checkDisk(dataFolder),
    ...server.findings,
    ...(isServedHere ? [] : await checkStore({ dataFolder, database: databaseOf(values, env) })),
  ];
  const isOk = findings.every((finding) => finding.isOk);
  if (values.json) terminal.line(JSON.stringify({ ok: isOk, checks: findings.map(documentOf) }));
  else for (const line of findings.flatMap(linesOf)) terminal.line(line);
  return isOk ? EXIT.succeeded : EXIT.unsuccessful;
}

function documentOf({ name, isOk, message, advice }: Finding): object {
  return { name, ok: isOk, message, advice };
}

function linesOf({ name, isOk, message, advice }: Finding): readonly string[] {
  const head = `${isOk ? 'ok     ' : 'problem'}  ${name.padEnd(11)}  ${printable(message)}`;
  return advice === null ? [head] : [head, `${' '.repeat(22)}-> ${advice}`];
}
