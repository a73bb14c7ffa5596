/** Kinetica: statements over the warehouse, and the two endpoints that the browser client always runs as jobs. */

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

/** What `/alter/table/columns` answers, for the same reason. */
function alterTableColumns(request: {
  readonly table_name?: string;
  readonly column_alterations?: readonly Readonly<Record<string, string>>[];
}): object {
  const { table_name, column_alterations = [] } = request;
  if (table_name === undefined) throw new Error('table_name is required');
  const none = { type_id: '', type_definition: '', properties: {}, type_label: '' };
  return { table_name, ...none, column_alterations, info: {} };
}

export const kineticaTypes = {
  'kinetica-alter-table': alterTable,
  'kinetica-alter-table-columns': alterTableColumns,
};

export const kineticaOptions = {
  endpoints: {
    '/execute/sql': { type: 'warehouse', kind: 'sql' },
    '/alter/table': { type: 'kinetica-alter-table', kind: 'plain' },
    '/alter/table/columns': { type: 'kinetica-alter-table-columns', kind: 'plain' },
  },
};
