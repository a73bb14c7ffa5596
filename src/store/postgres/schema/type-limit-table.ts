/** The table of types that are limited as a whole, as part of the first step of `migrations.ts`. */

export const typeLimitTable = (
  s: string,
) => `-- When jobs of a type that is limited as a whole were started, as JSON: see core/fairness/type-limit.ts. Each claim of such a type writes it.
CREATE TABLE ${s}.type_limits (
  revision bigint NOT NULL,
  type text COLLATE "C" NOT NULL,
  starts text COLLATE "C" NOT NULL,
  CONSTRAINT type_limits_by_type PRIMARY KEY (type)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000);

`;
