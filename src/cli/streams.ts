import pc from "picocolors";

type Colors = ReturnType<typeof pc.createColors>;

/** Colours for a stream: none when it is no terminal or NO_COLOR is set, always when FORCE_COLOR is. */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const forced = Boolean(FORCE_COLOR) && FORCE_COLOR !== "0";
  const terminal = Boolean(stream.isTTY) && TERM !== "dumb";
  // Never undefined, for which picocolors asks the environment (and colours whatever runs under CI).
  return pc.createColors(!NO_COLOR && (forced || terminal));
}

/** Results. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The one document that `--json` promises. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Progress, notes and errors. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * `pondus systems | head -1` closes the pipe early; that is no failure. Nor does a training end because its progress is no longer
 * read.
 */
export function acceptClosedPipes(): void {
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    say(`error: the result cannot be written to stdout (${error.message}).`);
    process.exit(1);
  });
}
