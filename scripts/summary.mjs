// Prints vitest's JSON report as one line: "N passed, N failed[, N skipped]".

import { readFileSync } from "node:fs";

let report;
try {
  report = JSON.parse(readFileSync(process.argv[2], "utf8"));
} catch {
  console.log("The tests left no report: they did not run to the end.");
  report = { success: false, testResults: [] };
}

const {
  numPassedTests: passed = 0,
  numFailedTests = 0,
  numPendingTests = 0,
  numTodoTests = 0,
  success,
  testResults,
} = report;
// A file that breaks while loading has no failed test of its own, yet it failed.
const broken = testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
).length;
const failed = Math.max(numFailedTests + broken, success ? 0 : 1);
const skipped = numPendingTests + numTodoTests;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
