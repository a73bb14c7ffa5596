/**
 * `npm run demo:standards`: one server, and the clients of the standards that it speaks, each unchanged but for its address and key, each doing the
 * same real work: SQL over three million flights, a program, a function.
 *
 *   npm run demo:standards                  all of them
 *   npm run demo:standards -- a2a openai    only these
 *
 * Every answer is checked against one that was worked out another way. Ends with exit code 1 if any is wrong.
 */
import { AIRPORTS } from '../examples/demo/data.ts';
import type { Json } from '../src/core/job.ts';
import { type Check, checkAirports, checkFlights, checkZipCodes } from './demo/checks.ts';
import { startDemoServer } from './demo-server.ts';
import { a2aClient } from './demo-standards/a2a.ts';
import { azureClient } from './demo-standards/azure.ts';
import type { OpenClient, StandardClient } from './demo-standards/client.ts';
import { googleClient } from './demo-standards/google.ts';
import { mcpClient } from './demo-standards/mcp.ts';
import { openaiClient } from './demo-standards/openai.ts';
import { replicateClient } from './demo-standards/replicate.ts';

const CLIENTS: readonly StandardClient[] = [
  mcpClient,
  openaiClient,
  a2aClient,
  replicateClient,
  googleClient,
  azureClient,
];

interface Work {
  readonly title: string;
  readonly type: string;
  readonly input: Json;
  readonly check: Check;
}

const BUSIEST_SQL = 'SELECT origin, count(*), sum(delay) FROM flights GROUP BY origin ORDER BY count(*) DESC LIMIT 3';
const WORKS: readonly Work[] = [
  { title: 'SQL', type: 'flights', input: { query: BUSIEST_SQL }, check: checkFlights },
  { title: 'program', type: 'zip-codes', input: {}, check: checkZipCodes },
  { title: 'function', type: 'farthest-airports', input: { file: AIRPORTS }, check: checkAirports },
];

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !CLIENTS.some((client) => client.name === name));
if (unknown !== undefined) {
  console.error(`There is no client ${unknown}; there are ${CLIENTS.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

let answers = 0;
const wrong: string[] = [];
const server = await startDemoServer({ config: 'scripts/demo-standards/bide.config.ts' });
try {
  for (const client of CLIENTS) {
    if (wanted.length > 0 && !wanted.includes(client.name)) continue;
    console.log(`\n${client.title}`);
    const open = await client.open(server);
    for (const work of WORKS) await show(client, open, work);
    await open.close?.();
  }
} catch (error) {
  wrong.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await server.close();
}

console.log(`\n${answers} answers, ${wrong.length} of them wrong`);
for (const one of wrong) console.log(`  ${one}`);
if (wrong.length > 0) {
  console.log(server.log());
  process.exitCode = 1;
}

/** Goes on after a failure, so that one run shows all. */
async function show({ name }: StandardClient, open: OpenClient, { title, type, input, check }: Work): Promise<void> {
  const startedAt = performance.now();
  answers += 1;
  try {
    const verdict = await check(await open.run(type, input));
    const ms = Math.round(performance.now() - startedAt);
    console.log(`  ${title.padEnd(9)} ${verdict.wrong === null ? 'right' : 'WRONG'}  ${verdict.answer} (${ms} ms)`);
    if (verdict.wrong !== null) wrong.push(`${name}, ${title}: ${verdict.wrong}`);
  } catch (error) {
    console.log(`  ${title.padEnd(9)} FAILED ${error instanceof Error ? error.message : String(error)}`);
    wrong.push(`${name}, ${title}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
