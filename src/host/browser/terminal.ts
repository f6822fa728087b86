/** Writes text to the console. */
export function writeAside(text: string): void {
  console.error(text.trimEnd());
}
