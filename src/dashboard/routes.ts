/** The dashboard's routes, in the frame of the native API: its page, its files, its sessions. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../core/errors.ts';
import { type BrowserFile, type BrowserFiles, readBrowserFiles } from './browser-files.ts';
import { type DialectServices, declareDialectRoutes } from './dialect-routes.ts';
import { ICON } from './icon.ts';
import { ASSETS, DASHBOARD } from './paths.ts';
import { declareSessionRoutes, type SessionServices } from './session-routes.ts';
import { shellOf } from './shell.ts';

export function declareDashboardRoutes(app: FastifyInstance, services: SessionServices & DialectServices): void {
  const browserFiles = readOnce();
  prepare(app, browserFiles);
  declareSessionRoutes(app, services);
  declareDialectRoutes(app, services);
  const file = async (request: FastifyRequest, reply: FastifyReply) => {
    const { files, version } = await browserFiles();
    const [asked, ...rest] = ((request.params as { '*'?: string })['*'] ?? '').split('/');
    const path = rest.join('/');
    const found = asked !== version ? undefined : path === 'icon.svg' ? ICON : files.get(path);
    if (found === undefined) throw new BideError('ROUTE_NOT_FOUND', 'There is no such file in this version.');
    return sendFile(request, reply, found);
  };
  app.get(ASSETS, { schema: { hide: true } }, file);
  app.get(`${ASSETS}/*`, { schema: { hide: true } }, file);
  const page = async (request: FastifyRequest, reply: FastifyReply) => {
    const [path = ''] = request.url.split('?', 1);
    const shell = shellOf(await browserFiles(), path);
    // Which files there are is said by the page, so it is asked for anew each time.
    return reply.headers({ ...shell.headers, 'cache-control': 'no-cache' }).send(shell.page);
  };
  app.get(DASHBOARD, { schema: { hide: true } }, page);
  app.get(`${DASHBOARD}/*`, { schema: { hide: true } }, page);
}

/** A read that failed is made again when it is asked for again. */
function readOnce(): () => Promise<BrowserFiles> {
  let reading: Promise<BrowserFiles> | undefined;
  return () => {
    reading ??= readBrowserFiles().catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
}

/** Reading and zipping take 0.2 s, which the first visit need not wait for. Not at once: the start of the server, and of those that live shortly, is none the slower. */
const PREPARE_AFTER_MS = 500;

function prepare(app: FastifyInstance, browserFiles: () => Promise<BrowserFiles>): void {
  let timer: NodeJS.Timeout | undefined;
  app.addHook('onReady', async () => {
    // What fails is said by the visit that finds it so.
    timer = setTimeout(() => void browserFiles().catch(() => undefined), PREPARE_AFTER_MS).unref();
  });
  app.addHook('onClose', async () => clearTimeout(timer));
}

function sendFile(request: FastifyRequest, reply: FastifyReply, { contentType, bytes, zipped }: BrowserFile) {
  const isZipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  void reply.headers({
    'content-type': contentType,
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
    ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
  });
  return reply.send(isZipped ? zipped : bytes);
}
