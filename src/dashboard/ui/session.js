/**
 * Who is signed in. The cookie that proves it is out of reach of scripts; what stands here is what the page may show, and the word that
 * goes with every change (see `api.js`).
 */

import { BASE } from './address.js';

/** @typedef {{ tenant: string, keyName: string, scopes: readonly string[], csrf: string, expiresAt: string }} Session */

const PATH = `${BASE}/session`;

export class SignInError extends Error {}

/** @param {'GET' | 'POST' | 'DELETE'} method @param {{ body?: unknown, csrf?: string }} [options] */
async function ask(method, { body, csrf } = {}) {
  const headers = new Headers({ accept: 'application/json' });
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (csrf !== undefined) headers.set('x-bide-csrf', csrf);
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return fetch(PATH, init);
}

/** Null where nobody is. @returns {Promise<Session | null>} */
export async function currentSession() {
  const response = await ask('GET');
  if (response.status === 204) return null;
  if (!response.ok) throw new SignInError(await reasonOf(response));
  return response.json();
}

/** @param {{ key: string } | { link: string }} proof @returns {Promise<Session>} */
export async function signIn(proof) {
  const response = await ask('POST', { body: proof });
  if (!response.ok) throw new SignInError(await reasonOf(response));
  return response.json();
}

/** @param {Session} session */
export async function signOut({ csrf }) {
  await ask('DELETE', { csrf });
}

/** @param {Response} response */
async function reasonOf(response) {
  const problem = await response.json().catch(() => null);
  return problem?.detail ?? problem?.title ?? `The server answered ${response.status}.`;
}

/** @param {Session} session @param {string} scope */
export const may = (session, scope) => session.scopes.includes(scope) || session.scopes.includes('admin');
