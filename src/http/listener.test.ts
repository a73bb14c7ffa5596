import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../core/limits.ts';
import { dialects } from '../dialects/index.ts';
import { errorBody } from '../dialects/native/voice.ts';
import { createListener } from './listener.ts';

/** What the parser's error with this code puts on a connection that has no request under way. */
function refusalOf(code: string, body: typeof errorBody | (typeof dialects)[number]['errorBody']): string {
  const listener = createListener({
    limits: DEFAULT_LIMITS,
    handle: () => assert.fail('there is no request'),
    malformed({ kind, message }) {
      const answer = body(kind, message);
      return { status: answer.status, contentType: 'application/json', body: JSON.stringify(answer.body) };
    },
  });
  let written = '';
  const socket = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  listener.server.emit('clientError', Object.assign(new Error(code), { code }), socket as Socket);
  return written;
}

const FAULTS = [
  ['HPE_INVALID_METHOD', '400 Bad Request', 'INVALID_REQUEST'],
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large', 'HEADERS_TOO_LARGE'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large', 'BODY_TOO_LARGE'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout', 'REQUEST_TOO_SLOW'],
] as const;

for (const [fault, line, code] of FAULTS) {
  test(`createListener answers ${fault} with ${line}, and says the same in the body`, () => {
    const [head = '', body = ''] = refusalOf(fault, errorBody).split('\r\n\r\n');
    assert.ok(head.startsWith(`HTTP/1.1 ${line}\r\n`), head);
    const told = JSON.parse(body) as { readonly status: number; readonly code: string };
    assert.deepEqual([String(told.status), told.code], [line.slice(0, 3), code]);
  });

  test(`createListener answers ${fault} in the words of each dialect, with one status`, () => {
    for (const dialect of dialects) {
      const [head = '', body = ''] = refusalOf(fault, dialect.errorBody).split('\r\n\r\n');
      const status = Number(/^HTTP\/1\.1 (\d{3}) [A-Z]/.exec(head)?.[1]);
      const { statusCode = status, status_code: other = status } = JSON.parse(body) as Record<string, unknown>;
      assert.deepEqual([statusCode, other], [status, status], dialect.name);
    }
  });
}
