/** The store's calls about ends that somebody waits for, and about jobs that come after others. */
import type { EndedJob, EndedStore, LinkStore, OpenLink } from '../contract.ts';
import type { Connection } from './connection.ts';
import type { ThreadPort } from './thread-port.ts';
import { jobsOf } from './wire.ts';
import type { WriterTable } from './writer.ts';

interface Ways {
  writer(): ThreadPort<WriterTable>;
  read<T>(work: (connection: Connection) => T): T;
}

export function endedCalls({ writer, read }: Ways): EndedStore {
  return {
    endedRead: async ({ limit }) =>
      read((connection) => connection.all('endedRead', limit)).map(([place, number, revision, id, tenant, state]) => {
        return { place, number, revision, id, tenant, state } as EndedJob;
      }),
    async endedDrop(batch) {
      const places = batch.map(({ place }) => place);
      await writer().call('endedDrop', places, places.length);
    },
  };
}

export function linkCalls({ writer, read }: Ways): LinkStore {
  return {
    async linkRead({ parents, limit }) {
      const rows = read((connection) => connection.all('linkRead', JSON.stringify(parents), limit));
      return rows.map(([parent, child, childId, policy]) => ({ parent, child, childId, policy }) as OpenLink);
    },
    linkClose: async (request) => jobsOf(await writer().call('linkClose', request, request.links.length)),
    linkJoin: async (request) => jobsOf(await writer().call('linkJoin', request, request.children.length)),
    linkChildren: async ({ parent, after, limit }) =>
      read((connection) => connection.all('linkChildren', parent, after, limit)).map(([child]) => child as number),
  };
}
