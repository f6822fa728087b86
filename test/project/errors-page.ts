import { errorCodes } from "../../src/graph/error-codes.ts";

/** `docs/errors.md`: every code with its explanation. */
export function errorsPage(): string {
  const groups = Object.entries(errorCodes).map(
    ([title, codes]) => `## ${title}\n\n| code | what it means, and how to mend it |\n|---|---|\n${rows(codes)}\n`,
  );
  return `# Errors

An error that a user can cause is a \`PondusError\`. Its message says what was expected, what came, where, and how to mend it; its \`code\` says
which kind of error it is, for a program that wants to know: \`if (error instanceof PondusError && error.code === "file.missing")\`. The
command line prints the code with \`--json\`.

This page is written from \`src/graph/error-codes.ts\` by \`npm test -- error-codes -u\`.

${groups.join("\n")}`;
}

const rows = (codes: Readonly<Record<string, string>>) =>
  Object.entries(codes)
    .map(([code, text]) => `| \`${code}\` | ${text.replaceAll("|", "\\|")} |`)
    .join("\n");
