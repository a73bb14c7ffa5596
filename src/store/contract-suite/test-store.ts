/** The suite as a whole: every topic, in the order in which a new driver is best written. */
import { describe } from 'node:test';
import { defineTopic, type OpenStore, type Skip, type SuiteRun } from './suite.ts';
import { TOPICS } from './topics.ts';

/**
 * Defines the tests of the store contract for one driver.
 *
 * @param driver shown with the tests
 * @param open makes an empty, migrated store; called once per topic and once per test that needs a store of its own
 * @param options.skip tests that are not for this driver, each with a reason; a title that no test has is an error
 */
export function testStore(driver: string, open: OpenStore, options: { readonly skip?: readonly Skip[] } = {}): void {
  describe(`store contract: ${driver}`, () => {
    const run: SuiteRun = { open, skip: options.skip ?? [], titles: new Set() };
    for (const [name, topic] of Object.entries(TOPICS)) defineTopic(run, name, topic);
    const unknown = run.skip.find((skip) => !run.titles.has(skip.test));
    if (unknown !== undefined) throw new Error(`No test of the suite has the title "${unknown.test}".`);
  });
}
