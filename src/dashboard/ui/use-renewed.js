/** A session lasts an hour from its last renewal. A page that is open is in use: it asks for a new cookie well before. */
import { useEffect } from 'preact/hooks';
import { currentSession } from './session.js';

const EVERY_MS = 15 * 60_000;

/** @param {() => void} onEnded */
export function useRenewedSession(onEnded) {
  useEffect(() => {
    const renew = () =>
      // A server that is away says nothing about sessions: the next time will.
      currentSession().then(
        (session) => session === null && onEnded(),
        () => {},
      );
    const timer = setInterval(renew, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
}
