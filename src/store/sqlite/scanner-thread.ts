/**
 * The entry of the scanner thread: listings and filtered counts, which may have to look at every job there is. On the main
 * thread, where status reads are answered, a search for a rare type among a million jobs would hold up everybody for a second.
 */
import { workerData } from 'node:worker_threads';
import { openReaderConnection } from './connection.ts';
import { createScanner } from './scanner.ts';
import { serveThread } from './thread-shell.ts';

const { path } = workerData as { readonly path: string };

serveThread(path, () => createScanner(openReaderConnection(path), path));
