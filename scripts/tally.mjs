/** Jest reporter: why suites were skipped (their titles say it, but are not shown for files that pass), and one plain last line. */
export default class Tally {
  onRunComplete(_contexts, results) {
    const reasons = new Map();
    for (const file of results.testResults) {
      for (const test of file.testResults) {
        const reason = /\[skipped: (.*)\]/.exec(test.ancestorTitles.join(' '))?.[1];
        if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
    for (const [reason, count] of reasons) process.stderr.write(`\nskipped ${count}: ${reason}\n`);
    const skipped = results.numPendingTests + results.numTodoTests;
    // A file that does not even load has no tests to fail: it counts as one.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    process.stderr.write(`\n${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
