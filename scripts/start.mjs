// `npm start`: from a fresh clone to a first trained network, and what to type next.

import { ensure, runNode } from "./ensure.mjs";

await ensure();
process.exitCode = await runNode("bin/pondus.js", ["train", "yeast", ...process.argv.slice(2)]);

if (process.exitCode === 0) {
  process.stderr.write(`
Next:
  npx pondus systems               the worked systems
  npx pondus weigh yeast           what every weight of this network costs
  npx pondus train yeast --seed 2  the same from another start
  npx pondus --help                every command
`);
}
