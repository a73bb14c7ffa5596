/** Where this page lives, as the browser sees it: a proxy may serve it below a path of its own. */

/** Of the dashboard, without a slash at the end. This file is at `dashboard/assets/<version>/ui/`. */
export const BASE = new URL('../../..', import.meta.url).pathname.slice(0, -1);

/** Of the API. */
export const SERVER = new URL('../../../..', import.meta.url).href.slice(0, -1);
