/** A round's order: everybody once, each round beginning with the next one, so that nobody always follows the same pause. */
export function rotation<T>(list: readonly T[], round: number): T[] {
  const start = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
