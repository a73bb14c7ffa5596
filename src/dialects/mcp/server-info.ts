/** Who answers. The version is that of the package: three folders up, from the sources and from the built files alike. */
import { readFileSync } from 'node:fs';

export function serverInfo(): { readonly name: string; readonly version: string } {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return { name: 'bide', version: String((manifest as { readonly version?: unknown }).version) };
}
