/**
 * Prints `N passed, N failed` from the JSON reports that Vitest writes where KINDLING_TEST_REPORT says. A test that is in several
 * reports is counted once. Exits with 1 when a test failed, a test file did not load, or a report is missing or holds no test.
 */
import { readFileSync } from 'node:fs';

/**
 * The tests that passed of each file, and how many failed or did not load.
 * @param {string} path
 */
function count(path) {
  /** @type {Map<string, number>} */
  const passed = new Map();
  let failed = 0;
  try {
    for (const file of JSON.parse(readFileSync(path, 'utf8')).testResults) {
      const statuses = file.assertionResults.map((/** @type {{ status: string }} */ test) => test.status);
      const failures = statuses.filter((/** @type {string} */ status) => status === 'failed').length;
      failed += file.status === 'failed' && failures === 0 ? 1 : failures;
      passed.set(file.name, statuses.filter((/** @type {string} */ status) => status === 'passed').length);
    }
  } catch (error) {
    console.error(`no test report: ${error instanceof Error ? error.message : error}`);
  }
  if (passed.size === 0) failed += 1;
  return { passed, failed };
}

const reports = process.argv.slice(2).map(count);
const files = new Set(reports.flatMap(({ passed }) => [...passed.keys()]));
const most = (/** @type {string} */ file) => Math.max(...reports.map(({ passed }) => passed.get(file) ?? 0));
const passed = [...files].reduce((sum, file) => sum + most(file), 0);
const failed = reports.reduce((sum, report) => sum + report.failed, 0);

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
