/** What every part of the page is written with. */

import htm from 'htm';
import { h } from 'preact';

/** @typedef {import('preact').VNode} VNode */

/** @typedef {(strings: TemplateStringsArray, ...values: unknown[]) => VNode} Html */

// htm's own types know nothing of `bind`, which is how it is made for a library.
const made = /** @type {{ bind: (make: typeof h) => Html }} */ (/** @type {unknown} */ (htm));
export const html = made.bind(h);
