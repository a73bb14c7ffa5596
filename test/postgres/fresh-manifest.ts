/** What the migrations make of an empty database, in the words of the manifest. */

import { connectionOptionsOf, openPostgres } from '../../src/store/postgres/open-postgres.ts';
import { type Manifest, manifestOf } from '../../src/store/postgres/schema/inspect.ts';

export async function freshManifest(url: string, schema: string): Promise<Manifest> {
  const store = await openPostgres({ url, schema });
  try {
    await store.migrate();
    return await manifestOf(connectionOptionsOf({ url }, true), schema);
  } finally {
    await store.close();
  }
}
