/** What a key may do. `admin` includes the others; what each is for says `docs/security.md`. */
export const SCOPES = ['submit', 'read', 'read:payload', 'work', 'priority', 'operate', 'metrics', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];
