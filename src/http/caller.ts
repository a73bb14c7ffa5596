/** Whose request this is, for what is shared out among tenants. Kept on Node's request, which hooks, holds and answers all see. */
import type { IncomingMessage } from 'node:http';

/** A symbol, so that nobody's own property is in the way. */
const TENANT = Symbol('bide.tenant');
type Carrier = IncomingMessage & { [TENANT]?: string };

/** Called once the caller has proved who they are. */
export function noteCaller({ raw }: { readonly raw: IncomingMessage }, tenant: string): void {
  (raw as Carrier)[TENANT] = tenant;
}

/** Empty for strangers: they share one share. */
export function tenantOf(request: IncomingMessage): string {
  return (request as Carrier)[TENANT] ?? '';
}
