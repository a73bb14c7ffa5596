/** What every part of the page is written with. */
import { h } from 'preact';
import htm from 'htm';

/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => import('preact').VNode} */
export const html = /** @type {never} */ (htm.bind(/** @type {never} */ (h)));
