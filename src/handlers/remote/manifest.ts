/** The kind of jobs that wait for workers of elsewhere: it has options of its own no more than a handler. */
import type { HandlerKind } from '../handler-kind.ts';

export const REMOTE: HandlerKind = { name: 'remote', options: {}, handler: () => 'remote' };
