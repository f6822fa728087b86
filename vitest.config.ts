import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const src = fileURLToPath(new URL("./src", import.meta.url));

export default defineConfig({
  resolve: {
    // Tests import the package by its public name, and its files import the host's: both get the TypeScript sources.
    alias: [
      { find: /^pondus$/, replacement: `${src}/index.ts` },
      { find: /^pondus\/([a-z-]+)$/, replacement: `${src}/$1/index.ts` },
      { find: /^#host\/([a-z-]+)$/, replacement: `${src}/host/node/$1.ts` },
      { find: "#native", replacement: `${src}/backends/native/index.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Processes, because native code is loaded into them; two, because the compiled programs bring threads of their own.
    pool: "forks",
    maxWorkers: 2,
  },
});
