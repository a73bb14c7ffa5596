/**
 * Whether this process can still open what starting a program needs.
 *
 * Node's `spawn` that finds no descriptor half way returns a child without pipes and leaks the three that it had made (about 20 kB
 * each time, with Node 24). So it is not even tried: opening and closing this many descriptors takes some 20 µs, a start
 * some milliseconds. Nothing else runs on this thread between the look and the start.
 */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** Three pipes of two ends each, the two ends that tell whether the program could be executed, and two to spare for other threads. */
const NEEDED = 10;

/** @returns the code of the error that says what is missing, null where nothing is. */
export function missingDescriptors(needed = NEEDED): string | null {
  const opened: number[] = [];
  try {
    while (opened.length < needed) opened.push(openSync(devNull, 'r'));
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EMFILE';
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
