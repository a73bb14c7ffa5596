/** `bide/testing`: what tests of jobs are written with, under any test runner. */
import '../require-node.ts';

export type { JobExpectation, WaitingAs } from './expect-job.ts';
export { createTestBide, type TestBide, type TestBideOptions, type TestClock } from './test-bide.ts';
