import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import type { CommanderError } from "commander";
import type { ErrorCode } from "../graph/error-codes.ts";
import { PondusError } from "../graph/errors.ts";
import { framesOf, readable } from "../host/user-frame.ts";
import { colorsFor, printJson, say } from "./streams.ts";

/** Says what went wrong on stderr (with `json` as the document on stdout too) and sets the exit code. */
export function report(error: unknown, json: boolean): void {
  const { code, message, exitCode } = describe(error);
  const run = (error as { run?: string } | undefined)?.run;
  const { red } = colorsFor(process.stderr);
  say(`${red("error:")} ${message}`);
  if (run) say(`The run folder ${run} holds the last good weights.`);
  if (json) printJson({ error: { code, message, ...(run && { run }) } });
  process.exitCode = exitCode;
}

/** What Commander has said on stderr by now, as the document on stdout too. */
export function reportUsage(error: CommanderError, json: boolean): void {
  const asked = error.code === "commander.help" ? "name a command (see pondus --help)." : error.message;
  if (json) printJson({ error: { code: "usage", message: asked.replace(/^error: /, "") } });
  process.exitCode = 2;
}

function describe(error: unknown): { code: ErrorCode; message: string; exitCode: number } {
  if (error instanceof PondusError) return { code: error.code, message: withPlace(error), exitCode: error.exitCode };
  if (!(error instanceof Error)) {
    return { code: "page", message: `something that is no Error was thrown: ${inspect(error)}`, exitCode: 1 };
  }
  // Anything else is a mistake in a user's page, or in Pondus: say where, in the user's file if it passed through one.
  const { name, message, stack } = error;
  const place = userPlace(stack ?? "");
  const what = message ? `${name}: ${message}` : String(error);
  if (place) return { code: "page", message: `${place}: ${what}`, exitCode: 1 };
  return { code: "bug", message: `${stack ?? what}\nThis is a bug in Pondus; please report it.`, exitCode: 1 };
}

/** The message, and on a line of its own the user's line, unless the message names it. */
function withPlace({ message, stack }: PondusError): string {
  const place = userPlace(stack ?? "");
  if (!place || message.includes(basename(place).replace(/:\d+$/, ""))) return message;
  return `${message}\n  at ${place}`;
}

/** `src/` or `dist/`, and `bin/` beside it: Pondus's own files. */
const ownFolders = ["..", "../../bin/"].map((path) => readable(new URL(path, import.meta.url).href));

/**
 * The first place of the stack that lies in a file of the user's: `path:line:column`. A mistake in a worked system is one of
 * Pondus's own, so none of its frames counts here.
 */
export function userPlace(stack: string): string | undefined {
  for (const { location, url, line, column, isPackage } of framesOf(stack)) {
    if (isPackage || ownFolders.some((own) => url.startsWith(own))) continue;
    return `${location.startsWith("file:") ? fileURLToPath(location) : location}:${line}:${column}`;
  }
  return undefined;
}
