/** Keys whose making and revoking are noted in the audit of whoever does it. */
import type { Actor } from '../../core/deed.ts';
import type { Audit } from '../../engine/api.ts';
import type { KeyAdmin } from '../../http/dialect.ts';

export interface AuditedBy {
  readonly audit: Pick<Audit, 'note'>;
  readonly tenant: string;
  readonly by: Actor;
}

export function auditedKeys(keys: KeyAdmin, { audit, tenant, by }: AuditedBy): KeyAdmin {
  return {
    async create(draft) {
      const made = await keys.create(draft);
      const { id: target, ...about } = made.stored;
      const request = { tenant: about.tenant, name: about.name, scopes: about.scopes, expiresAt: about.expiresAt };
      await audit.note({ tenant, by, deed: 'key.create', target, count: null, request });
      return made;
    },
    list: (asked) => keys.list(asked),
    async revoke(id) {
      const isRevoked = await keys.revoke(id);
      if (isRevoked) await audit.note({ tenant, by, deed: 'key.revoke', target: id, count: null, request: null });
      return isRevoked;
    },
  };
}
