/**
 * A config may stand anywhere, such as in `/etc/bide`, where no `node_modules` leads to this package. What it imports from `bide` is then
 * resolved from here: `bide` and its subpaths, and `typebox`, which its schemas are written in.
 *
 * A copy of its own that a config finds by itself comes first. Hooks belong to the thread that registers them, so the main thread and
 * each handler thread call this before they load a config.
 */
// As a whole: Node 20 has no such export, and must get as far as `require-node.ts`, which says what to do.
import * as nodeModule from 'node:module';

const OURS = /^(?:bide|typebox)(?:\/|$)/;
let isRegistered = false;

export function resolveOwnPackage(): void {
  if (isRegistered) return;
  isRegistered = true;
  nodeModule.registerHooks({
    resolve(specifier, context, nextResolve) {
      if (!OURS.test(specifier)) return nextResolve(specifier, context);
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
        return nextResolve(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}
