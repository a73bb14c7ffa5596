/**
 * The server as the pages see it: the client of the native API, called with the session's cookie, and a word in every change that a foreign
 * page cannot know. A session that has ended is told to the app, which asks for a key again.
 */
import { ClientError, createClient } from 'bide/client';
import { SERVER } from './address.js';

/** Without what only workers need, which is not sent to browsers. @typedef {import('bide/client').OperatingClient} Client */

/**
 * @param {{ csrf: string, onEnded: () => void }} options
 * @returns {Client}
 */
export function createApi({ csrf, onEnded }) {
  /** @type {typeof fetch} */
  const call = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    if (init.method !== undefined && init.method !== 'GET') headers.set('x-bide-csrf', csrf);
    const response = await fetch(input, { ...init, headers, credentials: 'same-origin' });
    if (response.status === 401) onEnded();
    return response;
  };
  return createClient({ url: SERVER, fetch: call, triesMax: 2, pauseMsMax: 2_000 });
}

/**
 * What went wrong, in the server's own words.
 * @param {unknown} error
 * @returns {{ title: string, detail: string }}
 */
export function problemOf(error) {
  if (error instanceof ClientError) return { title: error.code, detail: error.message };
  return { title: 'Something went wrong', detail: error instanceof Error ? error.message : String(error) };
}
