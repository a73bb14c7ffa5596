#!/usr/bin/env node
/** `npm create bide`: is `bide init` of the Bide that comes with this package, on any Node from 20 on. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const bide = dirname(createRequire(import.meta.url).resolve('bide/package.json'));
process.argv.splice(2, 0, 'init');
await import(pathToFileURL(join(bide, 'bin/bide.js')).href);
