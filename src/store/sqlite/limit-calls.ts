/** The store's calls for limits per key. */
import type { LimitStore } from '../contract.ts';
import type { Connection } from './connection.ts';
import { listLimits, readBlocks, readLimit } from './main-reads.ts';
import type { ThreadPort } from './thread-port.ts';
import type { WriterTable } from './writer.ts';

interface LimitGate {
  writer(): ThreadPort<WriterTable>;
  read<T>(work: (connection: Connection) => T): T;
}

export function limitCalls({ writer, read }: LimitGate): LimitStore {
  return {
    limitRead: async (ref) => read((connection) => readLimit(connection, ref)),
    limitList: async (filter) => read((connection) => listLimits(connection, filter)),
    limitWrite: async (write) => writer().call('limitWrite', write, 1),
    limitSettle: async (request) => writer().call('limitSettle', request, request.limit),
    blocksRead: async (jobs) =>
      read((connection) =>
        readBlocks(
          connection,
          jobs.map(({ number }) => number),
        ),
      ),
  };
}
