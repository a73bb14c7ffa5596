/**
 * The client without what only workers and receivers need: all that a person steers a server with. The dashboard loads this one, which
 * is a third smaller.
 */
import { administering } from './administering.ts';
import { type AuditOptions, auditOf } from './auditing.ts';
import { bulkCalls } from './bulk.ts';
import { changing } from './changing.ts';
import { commanding } from './commanding.ts';
import { feedOf } from './feed.ts';
import { following } from './following.ts';
import { groupsOf } from './groups.ts';
import { limitsOf } from './limits.ts';
import { type ListOptions, type ListPageOptions, listJobs, listPage } from './listing.ts';
import { logging } from './logging.ts';
import { relating } from './relations.ts';
import { schedulesOf } from './schedules.ts';
import { submitting } from './submitting.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';
import { waiting } from './waiting.ts';
import { webhooksOf } from './webhooks.ts';

export { ClientError } from './client-error.ts';

export type OperatingClient = ReturnType<typeof operating>;

/** Under the name of the whole one: whoever has this in its place writes the same. */
export function createClient(options: TransportOptions): OperatingClient {
  return operating(createTransport(options));
}

export function operating(transport: Transport) {
  return {
    ...submitting(transport),
    ...commanding(transport),
    ...relating(transport),
    ...bulkCalls(transport),
    ...changing(transport),
    ...waiting(transport),
    ...following(transport),
    ...feedOf(transport),
    ...logging(transport),
    ...administering(transport),
    audit: (filter?: AuditOptions) => auditOf(transport, filter),
    list: (filter?: ListOptions) => listJobs(transport, filter),
    listPage: (filter?: ListPageOptions) => listPage(transport, filter),
    groups: groupsOf(transport),
    limits: limitsOf(transport),
    schedules: schedulesOf(transport),
    webhooks: webhooksOf(transport),
  };
}
