/** Part of the first step of the schema: ends that somebody waits for, and which jobs come after which. */
export const endTables = (
  s: string,
  queue: string,
) => `-- Ends that somebody waits for and has not been told of: see contract-ended.ts.
CREATE TABLE ${s}.ended (
  place bigint GENERATED ALWAYS AS IDENTITY,
  number bigint NOT NULL,
  revision bigint NOT NULL,
  id uuid NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  CONSTRAINT ended_by_place PRIMARY KEY (place)
) WITH (${queue}
);
CREATE INDEX ended_by_number ON ${s}.ended (number);

-- Which jobs come after which: see contract-links.ts. Removed with the child. No column is null: see \`linkInsert\`.
CREATE TABLE ${s}.job_links (
  child bigint NOT NULL,
  parent bigint NOT NULL,
  policy text COLLATE "C" NOT NULL,
  is_open boolean NOT NULL,
  CONSTRAINT job_links_by_child PRIMARY KEY (child, parent)
) WITH (${queue}
);
CREATE INDEX job_links_by_parent ON ${s}.job_links (parent, child);

`;
