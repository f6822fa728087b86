// `npm test [-- vitest's own arguments]`, from a fresh clone too: installs and builds what is missing, then runs the tests.

import { ensure, runNode } from "./ensure.mjs";

await ensure();
process.exitCode = await runNode("node_modules/vitest/vitest.mjs", ["run", ...process.argv.slice(2)]);
