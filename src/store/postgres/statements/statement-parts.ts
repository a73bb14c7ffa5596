/** Parts that several statements are made of; the rules that they follow stand in `statements.ts`. */

/** Column and SQL type of its array, per parameter. */
export type Columns = readonly (readonly [name: string, type: string])[];

/**
 * The rows of a batch as `alias`, its arrays as the first parameters; `ord` is the place of a row in the batch, from 1. The first array has
 * an element per row. Another one of a single element stands for the same value in each: most columns of most batches are like that,
 * and to read them from text costs more than to fill them in (`columnArray`).
 */
export function unnestOf(columns: Columns, alias: string): string {
  const arrays = columns
    .map(([, type], index) => {
      const array = `$${index + 1}::${type}[]`;
      const filled = `array_fill((${array})[1], ARRAY[cardinality($1)])`;
      return index === 0 ? array : `CASE WHEN cardinality(${array}) = 1 THEN ${filled} ELSE ${array} END`;
    })
    .join(', ');
  return `unnest(${arrays}) WITH ORDINALITY AS ${alias}(${columns.map(([name]) => name).join(', ')}, ord)`;
}

/**
 * The row with this key, where a statement changes rows that an earlier step of it has found. Written as `key = given`, a planner who has once seen the
 * table empty reads all of its index beside each of them: 200 µs per job in a batch of 100, in place of 12. Of a key of several columns the first one.
 */
export function isOne(key: string, given: string): string {
  return `${key} = ANY (ARRAY[${given}])`;
}

/** The last job number given out, from a row of the sequence; 0 before the first. */
export const LAST_NUMBER = 'CASE WHEN is_called THEN last_value ELSE last_value - 1 END';

/** The rows of `job_tags` for the jobs that the step `inserted` has written. */
export const TAG_ROWS = `SELECT i.tenant, t.name, t.value, i.number
  FROM inserted i CROSS JOIN LATERAL jsonb_each_text(i.tags::jsonb) AS t(name, value) WHERE i.tags IS NOT NULL`;
