/**
 * Lints an OpenAPI document with Redocly and Spectral, and generates types and a client of it, as those who use it do. Run by `test/openapi.test.ts` in
 * this folder, whose packages are its own: node generate.js DOCUMENT FOLDER. Prints what the linters say as JSON.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import spectral from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';
import openapiTypes, { astToString } from 'openapi-typescript';

const [document = '', folder = ''] = process.argv.slice(2);
const text = await readFile(document, 'utf8');

const types = astToString(await openapiTypes(JSON.parse(text)));
await writeFile(join(folder, 'types.ts'), types);
await createClient({ input: document, output: join(folder, 'client'), logs: { level: 'silent' } });

process.stdout.write(JSON.stringify({ redocly: await byRedocly(), spectral: await bySpectral() }));

async function byRedocly() {
  const config = await createConfig({ extends: ['recommended'] });
  const found = await lintFromString({ source: text, config, absoluteRef: document });
  return found.map(
    ({ severity, ruleId, message, location }) => `${severity} ${ruleId}: ${message} ${location?.[0]?.pointer}`,
  );
}

async function bySpectral() {
  const linter = new spectral.Spectral();
  linter.setRuleset(new spectral.Ruleset({ extends: [[rulesets.oas, 'recommended']] }));
  const found = await linter.run(text);
  return found.map(({ severity, code, message, path }) => `${severity} ${code}: ${message} ${path.join('.')}`);
}
