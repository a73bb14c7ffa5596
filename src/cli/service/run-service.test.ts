import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BideError } from '../../core/errors.ts';
import { fakeTerminal } from '../terminal/fake-terminal.ts';
import { runService } from './run-service.ts';

/** A service that ends when `finish` is called, and signals that come when a test says so. */
function stage() {
  let handle: (signal: NodeJS.Signals) => void = () => assert.fail('a signal after the end');
  let nowMs = 0;
  const exits: number[] = [];
  const stops: AbortSignal[] = [];
  const stopped = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const terminal = fakeTerminal();
  const unsafe = Promise.withResolvers<BideError>();
  const service = {
    unsafe: unsafe.promise,
    stop({ force }: { readonly force: AbortSignal }) {
      stops.push(force);
      begun.resolve();
      return stopped.promise;
    },
  };
  const onSignal = (handler: typeof handle) => {
    handle = handler;
    return () => {
      handle = () => assert.fail('a signal after the end');
    };
  };
  const facts = { now: () => nowMs, exit: (code: number) => void exits.push(code) };
  const ended = runService(service, { terminal, onSignal }, facts);
  const signal = (atMs: number, name: NodeJS.Signals = 'SIGTERM') => {
    nowMs = atMs;
    handle(name);
  };
  return { unsafe, signal, ended, stops, exits, terminal, begun: begun.promise, finish: () => stopped.resolve() };
}

test('runService stops at the first signal and ends with 0', async () => {
  const { signal, ended, stops, begun, finish, terminal } = stage();
  signal(1_000);
  await begun;
  assert.equal(stops[0]?.aborted, false);
  finish();
  assert.equal(await ended, 0);
  assert.equal(terminal.notes.length, 1);
});

test('runService takes signals of one keystroke for one, whichever way they came', async () => {
  const { signal, ended, stops, begun, finish } = stage();
  for (const atMs of [1_000, 1_002, 1_150, 1_199]) signal(atMs, 'SIGINT');
  await begun;
  assert.equal(stops[0]?.aborted, false);
  finish();
  assert.equal(await ended, 0);
});

test('runService forces at the second signal, and ends the process at the third', async () => {
  const { signal, ended, stops, exits, begun, finish } = stage();
  signal(1_000);
  await begun;
  signal(1_200);
  assert.equal(stops[0]?.aborted, true);
  assert.deepEqual(exits, []);
  signal(1_400, 'SIGINT');
  assert.deepEqual(exits, [1]);
  finish();
  assert.equal(await ended, 1);
});

test('runService ends the process at once, with a code of its own, when the store is unsafe', async () => {
  const { unsafe, exits, stops, terminal } = stage();
  unsafe.resolve(new BideError('STORE_UNSYNCED', 'The disk did not confirm.'));
  await unsafe.promise;
  await null;
  assert.deepEqual(exits, [6]);
  assert.equal(stops.length, 0);
  assert.match(terminal.notes[0] ?? '', /^bide: The disk did not confirm\. Check the disk, then start Bide again/);
});
