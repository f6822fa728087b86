/**
 * What is wrong with a check, or undefined when it agrees with the reference's.
 *
 * @param tolerances  how far each number may be off (default: 1e-4 of the largest)
 */
export function disagreement(
  check: readonly (number | null)[],
  reference: readonly number[],
  tolerances: readonly number[] = reference.map(() => 1e-4 * Math.max(...reference.map(Math.abs))),
): string | undefined {
  if (check.length !== reference.length) return `${check.length} numbers where ${reference.length} are due`;
  for (const [i, expected] of reference.entries()) {
    const got = check[i] ?? Number.NaN;
    if (Math.abs(got - expected) <= tolerances[i]) continue;
    return `number ${i + 1} of the check is ${got.toPrecision(6)}, not ${expected.toPrecision(6)}`;
  }
  return undefined;
}
