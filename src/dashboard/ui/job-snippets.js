/** A job like this one, as a call that one can take along. */

/** @typedef {import('bide/client').JobBody} JobBody */

/** @param {JobBody} job @param {string} input JSON @param {string} url @returns {readonly (readonly [name: string, text: string])[]} */
export function snippetsOf(job, input, url) {
  return [
    ['curl', curl(job, input, url)],
    ['TypeScript', typescript(job, input, url)],
    ['Python', python(job, input, url)],
    ['CLI', cli(job, input, url)],
  ];
}

/** The input is put in as it is: through a parser a long number would lose digits. @param {JobBody} job @param {string} input @param {(value: unknown) => string} write */
function fieldsOf({ type, tags, priority }, input, write) {
  return [
    ['type', write(type)],
    ['input', input],
    ...(Object.keys(tags).length === 0 ? [] : [['tags', write(tags)]]),
    ...(priority === 0 ? [] : [['priority', String(priority)]]),
  ];
}

/** @param {JobBody} job @param {string} input @param {string} url */
function curl(job, input, url) {
  const fields = fieldsOf(job, input, JSON.stringify).map(([name, value]) => `"${name}": ${value}`);
  return [
    `curl ${shell(`${url}/v1/jobs`)} \\`,
    '  -H "authorization: Bearer $BIDE_KEY" \\',
    "  -H 'content-type: application/json' \\",
    `  -d ${shell(`{${fields.join(', ')}}`)}`,
  ].join('\n');
}

/** @param {JobBody} job @param {string} input @param {string} url */
function typescript(job, input, url) {
  const fields = fieldsOf(job, input, JSON.stringify).map(([name, value]) => `  ${name}: ${value},`);
  return `import { createClient } from 'bide/client';

const client = createClient({ url: ${JSON.stringify(url)}, key: process.env.BIDE_KEY });
const job = await client.submit({
${fields.join('\n')}
});
const done = await client.wait(job.id);
`;
}

/** With what Python brings along. Its own JSON keeps long whole numbers; the input is sent as the text that it is. @param {JobBody} job @param {string} input @param {string} url */
function python(job, input, url) {
  const fields = fieldsOf(job, input, JSON.stringify).map(([name, value]) => `"${name}": ${value}`);
  return `import json, os, urllib.request

BASE = ${JSON.stringify(url)}
KEY = os.environ["BIDE_KEY"]


def call(path, body=None):
    request = urllib.request.Request(BASE + path, data=body and body.encode())
    request.add_header("authorization", "Bearer " + KEY)
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


job = call("/v1/jobs", ${JSON.stringify(asciiOf(`{${fields.join(', ')}}`))})
while job["finishedAt"] is None:
    job = call("/v1/jobs/" + job["id"] + "?wait=30")
print(job["id"], job["state"])
`;
}

/** Beyond ASCII a text of JSON has letters within its own texts alone, where they may be written so; Python would read a pair of halves as two. @param {string} json */
const asciiOf = (json) =>
  json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** @param {JobBody} job @param {string} input @param {string} url */
function cli({ type, tags, priority }, input, url) {
  const options = [
    `--url ${shell(url)}`,
    `--input ${shell(input)}`,
    ...Object.entries(tags).map(([name, value]) => `--tag ${shell(`${name}=${value}`)}`),
    ...(priority === 0 ? [] : [`--priority ${priority}`]),
    '--wait',
  ];
  return `bide submit ${shell(type)} \\\n  ${options.join(' \\\n  ')}`;
}

/** One word of a shell. @param {string} text */
const shell = (text) => (/^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
