/** Writes text beside a program's output: what it prints to stdout stays its own. */
export function writeAside(text: string): void {
  process.stderr.write(text);
}
