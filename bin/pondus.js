#!/usr/bin/env node
// Starts the command line. In a clone, where the sources lie beside it, what is missing or stale is built first.

import { existsSync } from "node:fs";

const sources = new URL("../src/", import.meta.url);

if (existsSync(sources)) {
  const { ensure } = await import("../scripts/ensure.mjs");
  await ensure();
}

await import("../dist/cli/main.js");
