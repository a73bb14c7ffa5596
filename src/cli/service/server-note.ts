/** The note that a running server leaves in its data folder, so that the other commands on this machine find it. */
import { packageVersion } from '../package-version.ts';
import { writeServerNote } from './data-folder.ts';

interface Noted {
  readonly url: string | null;
  stop(options: { readonly force: AbortSignal }): Promise<void>;
}

/**
 * Where the note cannot be written (a full disk), the server ends as it would by a signal, and not in the middle of a job.
 * @returns removes the note again.
 */
export async function noteServer(app: Noted, folder: string): Promise<() => void> {
  try {
    return writeServerNote(folder, {
      url: reachable(app.url ?? ''),
      pid: process.pid,
      version: packageVersion(),
      startedAt: new Date().toISOString(),
    });
  } catch (error) {
    await app.stop({ force: AbortSignal.abort() });
    throw error;
  }
}

/** An address that means "all of them" is none to call: the machine itself is reached by its loopback address. */
export function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
