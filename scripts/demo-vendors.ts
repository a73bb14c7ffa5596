/**
 * `npm run demo:vendors`: plays each vendor's documented flow against the real server, request for request, and prints the exchanges.
 *
 *   npm run demo:vendors                       all of them
 *   npm run demo:vendors -- silentpush         only this one
 *
 * Ends with exit code 1 if any answer differs from the vendor's specification.
 */
import { startDemoServer } from './demo-server.ts';
import { immutaDemo } from './demo-vendors/immuta.ts';
import { kineticaDemo } from './demo-vendors/kinetica.ts';
import { silentpushDemo } from './demo-vendors/silentpush.ts';
import { createStage, type Tally, type VendorDemo } from './demo-vendors/stage.ts';
import { symblDemo } from './demo-vendors/symbl.ts';
import { toolkitapiDemo } from './demo-vendors/toolkitapi.ts';

const DEMOS: readonly VendorDemo[] = [silentpushDemo, immutaDemo, toolkitapiDemo, kineticaDemo, symblDemo];

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !DEMOS.some(({ dialect }) => dialect === name));
if (unknown !== undefined) {
  console.error(`There is no demo of ${unknown}; there are ${DEMOS.map(({ dialect }) => dialect).join(', ')}.`);
  process.exit(2);
}

const server = await startDemoServer({ config: 'examples/vendors/bide.config.ts' });
const tally: Tally = { exchanges: 0, differences: [] };
try {
  for (const demo of DEMOS) {
    if (wanted.length > 0 && !wanted.includes(demo.dialect)) continue;
    console.log(`\n${'═'.repeat(20)} ${demo.title} ${'═'.repeat(20)}`);
    await demo.play(createStage(server, demo.dialect, tally));
  }
} catch (error) {
  tally.differences.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await server.close();
}

console.log(`\n${tally.exchanges} exchanges, ${tally.differences.length} of them not as specified`);
for (const one of tally.differences) console.log(`  ${one}`);
if (tally.differences.length > 0) {
  console.log(server.log());
  process.exitCode = 1;
}
