/** What a description of data sources calls them. */
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';

/** The names that a description gives its sources; a connection taken as a whole names none. */
export function namesIn(body: Json): readonly string[] {
  const { sources } = fieldsOf(body);
  if (!Array.isArray(sources)) return [];
  return sources.flatMap((source) => {
    const { dataSourceName, name, tableName, table } = fieldsOf(source);
    return texts([source, dataSourceName, name, tableName, table].filter((text) => text !== undefined)).slice(0, 1);
  });
}

/** Those of a list that are texts. */
export function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}
