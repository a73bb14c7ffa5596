/** A config that names a job type which does not exist is told so at the start, not at the first request. */
import { BideError } from '../core/errors.ts';
import type { Engine } from '../engine/api.ts';

/** CONFIG_INVALID unless every endpoint's `type` is a job type. `where` is the path of the endpoints in the config. */
export function requireTypes(
  engine: Pick<Engine, 'types'>,
  where: string,
  endpoints: Readonly<Record<string, { readonly type: string }>>,
): void {
  const types = engine.types().map((type) => type.name);
  for (const [name, endpoint] of Object.entries(endpoints)) {
    if (types.includes(endpoint.type)) continue;
    const known = types.length === 0 ? 'the config has none' : `those are ${types.join(', ')}`;
    throw new BideError(
      'CONFIG_INVALID',
      `${where}['${name}'].type names ${endpoint.type}, which is no job type: ${known}.`,
    );
  }
}
