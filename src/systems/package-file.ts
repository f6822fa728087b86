import { createRequire } from "node:module";
import { PondusError } from "../graph/errors.ts";

const require = createRequire(import.meta.url);

/**
 * Where a file of a package lies that is not installed with Pondus, since few need what it holds and it is large: beside
 * Pondus, or in the folder in which one works.
 *
 * @param file  inside the package: "src/digits/0.json"
 * @param what  it is needed for, in the middle of a sentence
 * @throws `package.missing`, which says how to install it
 */
export function packageFile(name: string, file: string, what: string): string {
  try {
    return require.resolve(`${name}/${file}`, { paths: [import.meta.dirname, process.cwd()] });
  } catch (cause) {
    throw new PondusError(
      "package.missing",
      `${what} ${name}, a package that is not installed with Pondus; it comes by \`npm install ${name}\`.`,
      { cause },
    );
  }
}
