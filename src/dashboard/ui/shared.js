/** What every page works with: who is signed in, the server, and what happens there. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** @typedef {{ session: import('./session.js').Session, api: import('./api.js').Client, live: import('./live.js').Live }} Shared */

export const SharedContext = createContext(/** @type {Shared | null} */ (null));

/** @returns {Shared} */
export function useShared() {
  const shared = useContext(SharedContext);
  if (shared === null) throw new Error('A page stands outside of the app.');
  return shared;
}
