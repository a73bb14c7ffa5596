#!/usr/bin/env node
/**
 * As much of curl as the README uses, for machines that have none: `-s -i -X -H -d -D - -o FILE URL`. The tests of the README put it
 * on the PATH only where there is no real one.
 */
import { writeFileSync } from 'node:fs';

const headers = new Headers();
const args = process.argv.slice(2);
let method: string | undefined;
let body: string | undefined;
let file: string | undefined;
let isHeaderWanted = false;
let url = '';

while (args.length > 0) {
  const arg = args.shift() ?? '';
  if (arg === '-H') {
    const [name = '', value = ''] = (args.shift() ?? '').split(/:\s*(.*)/s);
    headers.set(name, value);
  } else if (arg === '-X') method = args.shift();
  else if (arg === '-d') body = args.shift();
  else if (arg === '-o') file = args.shift();
  else if (arg === '-D') isHeaderWanted = args.shift() === '-';
  else if (arg === '-i') isHeaderWanted = true;
  else if (!arg.startsWith('-')) url = arg;
}

const response = await fetch(url, {
  method: method ?? (body === undefined ? 'GET' : 'POST'),
  headers,
  ...(body === undefined ? {} : { body }),
});
const text = Buffer.from(await response.arrayBuffer());
const head = [
  `HTTP/1.1 ${response.status}`,
  ...[...response.headers].map(([name, value]) => `${name}: ${value}`),
  '',
  '',
];
if (isHeaderWanted) process.stdout.write(head.join('\r\n'));
if (file === undefined) process.stdout.write(text);
else writeFileSync(file, text);
