/**
 * Who follows changes of which tenant, in the memory of the writer: the hot path asks it once per change and runs no statement.
 *
 * The table is written by this thread alone, so that memory follows it write by write. After a rollback all is forgotten, and read again
 * when it is asked for.
 */
import type { EventKind } from '../contract.ts';
import { kindBit } from '../event-row.ts';
import type { Connection } from './connection.ts';
import type { Row } from './rows.ts';

export interface Followers {
  want(connection: Connection, tenant: string, kind: EventKind): boolean;
  /** Its rows have changed. */
  changed(connection: Connection, tenant: string): void;
  forget(): void;
}

export function createFollowers(): Followers {
  /** By tenant, all kinds that somebody wants; null until somebody asks. */
  let masks: Map<string, number> | null = null;

  function add(rows: readonly Row[], to: Map<string, number>): Map<string, number> {
    for (const [tenant, wants] of rows as readonly [string, number][]) to.set(tenant, (to.get(tenant) ?? 0) | wants);
    return to;
  }

  return {
    want(connection, tenant, kind) {
      masks ??= add(connection.all('followerWants'), new Map());
      return masks.size > 0 && ((masks.get(tenant) ?? 0) & kindBit(kind)) !== 0;
    },
    changed(connection, tenant) {
      if (masks === null) return;
      masks.delete(tenant);
      add(connection.all('followerWantsOfTenant', tenant), masks);
    },
    forget() {
      masks = null;
    },
  };
}
