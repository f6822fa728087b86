/**
 * The Tang-Toennies potential of two argon atoms (J. Chem. Phys. 118, 4976, 2003), in atomic units:
 * V(R) = A exp(-b R) - sum over n = 6, 8, 10 of f_n(b R) C_n / R^n, with the damping f_n(x) = 1 - exp(-x) sum_{k=0..n} x^k / k!.
 */
const [A, b] = [748.3, 2.031];
const dispersion = [
  [6, 64.3],
  [8, 1623],
  [10, 49060],
] as const;

const angstromPerBohr = 0.529177210903;
const kcalPerHartree = 627.5094740631;

/** exp(-x) times the tail of the exponential series behind x^n / n!: the damping without its cancellation at small x. */
function damping(n: number, x: number): number {
  let term = 1;
  for (let k = 1; k <= n; k++) term *= x / k;
  let tail = 0;
  for (let k = n + 1; k < n + 200; k++) {
    term *= x / k;
    tail += term;
    if (k > x && term < 1e-17 * tail) break;
  }
  return x > 60 ? 1 : Math.exp(-x) * tail;
}

export const argonDimer = {
  /** Energy in kcal/mol at the distance r in angstrom; 0 for atoms far apart. */
  energy(r: number): number {
    const R = r / angstromPerBohr;
    const attraction = dispersion.reduce((sum, [n, c]) => sum + (damping(n, b * R) * c) / R ** n, 0);
    return kcalPerHartree * (A * Math.exp(-b * R) - attraction);
  },
  /** Its minimum: distance in angstrom and depth in kcal/mol, from the same formula at 50 digits (test/fixtures/dimer.json). */
  well: { r: 3.756523708586191, depth: 0.2852034163001469 },
};
