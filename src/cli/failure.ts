import { fileURLToPath } from "node:url";
import { PondusError } from "../graph/errors.ts";
import { colorsFor, printJson, say } from "./streams.ts";

/** Says what went wrong on stderr (with `json` as the document on stdout too) and sets the exit code. */
export function report(error: unknown, json: boolean): void {
  const { code, message, exitCode } = describe(error);
  const run = (error as { run?: string }).run;
  const { red } = colorsFor(process.stderr);
  say(`${red("error:")} ${message}`);
  if (run) say(`The run folder ${run} holds the last good weights.`);
  if (json) printJson({ error: { code, message, ...(run && { run }) } });
  process.exitCode = exitCode;
}

function describe(error: unknown): { code: string; message: string; exitCode: number } {
  if (error instanceof PondusError) return error;
  // Anything else is a mistake in a user's page, or in Pondus: say where, in the user's file if it passed through one.
  const { name, message, stack } = error as Error;
  const place = userPlace(stack ?? "");
  const what = message ? `${name}: ${message}` : String(error);
  if (place) return { code: "page", message: `${place}: ${what}`, exitCode: 1 };
  return { code: "bug", message: `${stack ?? what}\nThis is a bug in Pondus; please report it.`, exitCode: 1 };
}

const ownFolder = new URL("..", import.meta.url).href;

/** The first line of the stack that lies in a file of the user's: `path:line:column`. */
export function userPlace(stack: string): string | undefined {
  for (const line of stack.split("\n")) {
    const match = /(?:\(|at (?:async )?)(file:\/\/[^()]+?)(?:\?[^:]*)?:(\d+):(\d+)\)?$/.exec(line.trim());
    if (!match || match[1].startsWith(ownFolder) || match[1].includes("/node_modules/")) continue;
    return `${fileURLToPath(match[1])}:${match[2]}:${match[3]}`;
  }
  return undefined;
}
