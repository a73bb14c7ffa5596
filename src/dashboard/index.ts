/** The dashboard, as the composition root sees it. */
export type { DialectPlace } from './dialect-routes.ts';
export { createLinks, type Links } from './links.ts';
export { DASHBOARD } from './paths.ts';
export { declareDashboardRoutes } from './routes.ts';
