/** A page is not told how much memory it may use. */
export function memoryHere(): number | undefined {
  return undefined;
}
