/**
 * Prints `N passed, N failed` from the JSON reports that Vitest writes where KINDLING_TEST_REPORT says. A test that is in several
 * reports is counted once, as failed where one of them says so. Exits with 1 when a test failed, a test file did not load, or a report
 * is missing or holds no test.
 */
import { readFileSync } from 'node:fs';

/** @type {Map<string, boolean>} Whether a test passed, in all reports that have it. */
const passedByTest = new Map();

/** @type {(test: string, passed: boolean) => void} */
const note = (test, passed) => void passedByTest.set(test, passed && passedByTest.get(test) !== false);

/** @param {{ name: string, status: string, assertionResults: { fullName: string, status: string }[] }} file */
function read({ name, status, assertionResults }) {
  if (status === 'failed' && assertionResults.every((test) => test.status !== 'failed')) note(name, false);
  /** @type {Map<string, number>} */
  const namesakes = new Map();
  for (const test of assertionResults) {
    const number = namesakes.get(test.fullName) ?? 0;
    namesakes.set(test.fullName, number + 1);
    if (test.status === 'passed' || test.status === 'failed')
      note(JSON.stringify([name, test.fullName, number]), test.status === 'passed');
  }
}

for (const path of process.argv.slice(2)) {
  try {
    const { testResults, numPassedTests } = JSON.parse(readFileSync(path, 'utf8'));
    if (numPassedTests === 0) throw new Error(`${path} has no test that passed`);
    testResults.forEach(read);
  } catch (error) {
    console.error(`no test report: ${error instanceof Error ? error.message : error}`);
    note(path, false);
  }
}

const passed = [...passedByTest.values()].filter(Boolean).length;
const failed = passedByTest.size - passed;

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
