/** Kinetica: statements over the warehouse, and one further endpoint that runs as a job. */

/** What `/alter/table` answers: the table is none of a database here, so the job records what was asked for. */
function alterTable(request: {
  readonly table_name?: string;
  readonly action?: string;
  readonly value?: string;
}): object {
  if (request.table_name === undefined) throw new Error('table_name is required');
  const { table_name, action = '', value = '' } = request;
  return { table_name, action, value, info: {} };
}

export const kineticaTypes = { 'kinetica-alter-table': alterTable };

export const kineticaOptions = {
  endpoints: {
    '/execute/sql': { type: 'warehouse', kind: 'sql' },
    '/alter/table': { type: 'kinetica-alter-table', kind: 'plain' },
  },
};
