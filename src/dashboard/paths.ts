/** Where the dashboard lives. */
export const DASHBOARD = '/dashboard';
export const ASSETS = `${DASHBOARD}/assets`;
export const SESSION = `${DASHBOARD}/session`;
