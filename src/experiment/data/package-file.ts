import { exists, join, packageFolders } from "#host/files";
import { PondusError } from "../../graph/errors.ts";

/**
 * Where a file of a package lies that is not installed with Pondus, since few need what it holds and it is large: beside
 * Pondus, or in the folder in which one works. Also one that the package does not export: data are read, not imported.
 *
 * @param file  inside the package: "src/digits/0.json"
 * @param what  it is needed for, in the middle of a sentence
 * @throws `package.missing`, which says how to install it; `file.host` in a web page, which has no packages
 */
export function packageFile(name: string, file: string, what: string): string {
  const folders = packageFolders(name);
  const found = folders.map((folder) => join(folder, name, file)).find((path) => exists(path));
  if (found !== undefined) return found;
  if (folders.length === 0) {
    throw new PondusError(
      "file.host",
      `${what} ${name}, a package, and a web page has no files; give it data of your own.`,
    );
  }
  throw new PondusError(
    "package.missing",
    `${what} ${name}, a package that is not installed with Pondus; it comes by \`npm install ${name}\`.`,
  );
}
