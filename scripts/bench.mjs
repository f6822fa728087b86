// `npm run bench [-- --only proteins,gemm ...]`: installs and builds what is missing, then measures Pondus beside its peers.

import { ensure, runNode } from "./ensure.mjs";

await ensure();
const built = await runNode("node_modules/typescript/bin/tsc", ["-p", "bench"]);
process.exitCode = built === 0 ? await runNode("bench/.built/main.js", process.argv.slice(2)) : built;
