/**
 * The conformance suite of the store contract: `testStore(name, open)` in the driver's own test file, and nothing else.
 *
 * Built on node:test. Whatever it does not check is not promised by the contract.
 */
export type { OpenedStore, OpenStore, Skip } from './suite.ts';
export { testStore } from './test-store.ts';
