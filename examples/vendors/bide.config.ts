/**
 * All vendors at once, on real data: `npx bide serve --config examples/vendors/bide.config.ts`, then point a vendor's client at
 * http://127.0.0.1:7070/<vendor>. Each vendor's job types and options are in a file of their own beside this one.
 */
import { defineConfig } from 'bide';
import { immutaOptions, immutaTypes } from './immuta.ts';
import { kineticaOptions, kineticaTypes } from './kinetica.ts';
import { silentpushOptions, silentpushTypes } from './silentpush.ts';
import { symblOptions, symblTypes } from './symbl.ts';
import { toolkitapiOptions } from './toolkitapi.ts';
import { warehouseTypes } from './warehouse.ts';

export default defineConfig({
  types: {
    ...silentpushTypes,
    ...immutaTypes,
    ...kineticaTypes,
    ...symblTypes,
    ...warehouseTypes,
  },
  dialects: {
    silentpush: { options: silentpushOptions },
    immuta: { options: immutaOptions },
    toolkitapi: { options: toolkitapiOptions },
    kinetica: { options: kineticaOptions },
    symbl: { options: symblOptions },
  },
  // Webhooks to programs on the same machine, for trying them out.
  deliveries: { allowPrivateAddresses: true },
});
