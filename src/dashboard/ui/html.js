/** What every part of the page is written with. */

import htm from 'htm';
import { h } from 'preact';

/** @typedef {import('preact').VNode} VNode */

// htm's own types know nothing of `bind`, which is how it is made for a library.
/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => VNode} */
export const html = /** @type {any} */ (htm).bind(h);
