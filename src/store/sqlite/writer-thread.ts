/** The entry of the writer thread: the only thread that ever changes `bide.db`. */
import { workerData } from 'node:worker_threads';
import { openWriterConnection, type WriterOptions } from './connection.ts';
import { serveThread } from './thread-shell.ts';
import { createWriter } from './writer.ts';

const options = workerData as WriterOptions;

serveThread(options.path, () => createWriter(openWriterConnection(options), options.path));
