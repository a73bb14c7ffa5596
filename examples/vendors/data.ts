/** Where the examples' data lies: real public data, in the package `vega-datasets`. */
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../data/', import.meta.resolve('vega-datasets'));

export function dataFile(name: string): string {
  return fileURLToPath(new URL(name, FOLDER));
}
