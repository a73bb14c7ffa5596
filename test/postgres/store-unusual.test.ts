/**
 * The conformance suite with everything set otherwise than by default, at once: a role whose defaults are as wrong as they may be set, of
 * which none reaches our sessions; a schema of another name, beside what others keep in the database; a single connection.
 */
import { after, before } from 'node:test';
import { testStore } from '../../src/store/contract-suite/index.ts';
import { startTestServer, type TestServer } from './server.ts';
import { storesOf } from './stores.ts';

const HOSTILE: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'repeatable read',
  default_transaction_deferrable: 'on',
  array_nulls: 'off',
  standard_conforming_strings: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  DateStyle: 'German',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  search_path: 'nowhere, pg_catalog',
  exit_on_error: 'on',
  statement_timeout: '1ms',
  lock_timeout: '1ms',
  jit: 'on',
};

let server: TestServer;
const stores = storesOf(
  () => server,
  { schema: 'jobs_of_the_shop', connections: 1 },
  (url) => Object.assign(new URL(url), { username: 'hostile', password: 'hostile' }).href,
);
before(async () => {
  server = await startTestServer({ isDurable: false });
  await server.query(`CREATE ROLE hostile SUPERUSER LOGIN PASSWORD 'hostile'`);
  for (const [name, value] of Object.entries(HOSTILE)) {
    await server.query(`ALTER ROLE hostile SET ${name} = ${name === 'search_path' ? value : `'${value}'`}`);
  }
});
after(async () => {
  await stores.end();
  await server.end();
});

testStore('postgres, in a schema of another name, by one connection, under hostile settings of the role', stores.open);
