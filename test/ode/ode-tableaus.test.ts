import { describe, expect, test } from "vitest";
import { bosh3 } from "../../src/ode/methods/explicit/bosh3.ts";
import { dopri5 } from "../../src/ode/methods/explicit/dopri5.ts";
import { dopri8 } from "../../src/ode/methods/explicit/dopri8.ts";
import { euler } from "../../src/ode/methods/explicit/euler.ts";
import { heun } from "../../src/ode/methods/explicit/heun.ts";
import { midpoint } from "../../src/ode/methods/explicit/midpoint.ts";
import { ralston } from "../../src/ode/methods/explicit/ralston.ts";
import { rk4 } from "../../src/ode/methods/explicit/rk4.ts";
import type { Tableau } from "../../src/ode/methods/explicit/tableau.ts";
import { tsit5 } from "../../src/ode/methods/explicit/tsit5.ts";
import { rodas4 } from "../../src/ode/methods/implicit/rodas4.ts";
import { rodas5p } from "../../src/ode/methods/implicit/rodas5p.ts";
import type { RosenbrockTableau } from "../../src/ode/methods/implicit/rosenbrock-tableau.ts";
import { density, dot, rootedTrees, size, stageWeights, type Tree } from "../support/rooted-trees.ts";

// A method is of order p where the weights of all rooted trees of up to p vertices are those of the exact solution: no
// equation is solved here.
const explicit: readonly Tableau[] = [euler, midpoint, heun, ralston, rk4, bosh3, tsit5, dopri5, dopri8];
const denseOrders: Record<string, number> = { tsit5: 4, dopri5: 4, dopri8: 5, rodas4: 3, rodas5p: 4 };

type Rows = readonly (readonly number[])[];
type Inner = (children: number) => Rows;

const trees = rootedTrees(9);
/** How far the step with these weights is from the exact solution, in the trees of so many vertices. */
const miss = (vertices: number, weights: readonly number[], inner: Inner) =>
  largest(trees[vertices - 1].map((tree) => dot(weights, stageWeights(tree, inner)) - 1 / density(tree)));
const largest = (values: readonly number[]) => values.reduce((worst, x) => Math.max(worst, Math.abs(x)), 0);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const sum = (row: readonly number[]) => row.reduce((s, x) => s + x, 0);

/** The weights have exactly this order: conditions up to it hold, and one of the next order does not. */
function expectOrder(order: number, weights: readonly number[], inner: Inner) {
  for (const n of upTo(order)) expect(miss(n, weights, inner), `order ${n}`).toBeLessThan(1e-13);
  expect(miss(order + 1, weights, inner)).toBeGreaterThan(1e-6);
}

/** `powers[j]` are the weights of theta^(j + 1): a tree of n vertices has theta^n / density, and no other power. */
function expectDenseOrder(order: number, powers: Rows, inner: Inner) {
  const misses = (tree: Tree) => {
    const stages = stageWeights(tree, inner);
    return powers.map((weights, j) => dot(weights, stages) - (j + 1 === size(tree) ? 1 / density(tree) : 0));
  };
  for (const n of upTo(order)) expect(largest(trees[n - 1].flatMap(misses)), `order ${n}`).toBeLessThan(1e-12);
  expect(largest(trees[order].flatMap(misses))).toBeGreaterThan(1e-6);
}

test("there are 1, 1, 2, 4, 9, 20, 48, 115, 286 rooted trees of 1 to 9 vertices, and their densities", () => {
  expect(trees.map((of) => of.length)).toEqual([1, 1, 2, 4, 9, 20, 48, 115, 286]); // OEIS A000081
  expect(trees[3].map(density).sort((a, b) => a - b)).toEqual([4, 8, 12, 24]); // Hairer, Norsett & Wanner I, table II.2.1
  // Integrals of t^(n - 1): the bushy trees' densities are their sizes. The tall ones' are factorials.
  expect(trees.slice(0, 5).map((of) => Math.min(...of.map(density)))).toEqual([1, 2, 3, 4, 5]);
  expect(trees.slice(0, 5).map((of) => Math.max(...of.map(density)))).toEqual([1, 2, 6, 24, 120]);
});

describe.each(explicit)("$name", ({ name, order, a, b, c, error, errorOrder, dense }) => {
  const inner = () => a;

  test("is explicit, and each stage stands at its own time", () => {
    expect([b.length, c.length]).toEqual([a.length, a.length]);
    expect(a.map((row) => row.length)).toEqual(a.map((_, i) => i));
    a.forEach((row, i) => expect(sum(row)).toBeCloseTo(c[i], 14));
  });

  test("has the order it claims", () => {
    expectOrder(order, b, inner);
  });

  if (b.at(-1) === 0) {
    test("the stage that weighs nothing is the first of the next step", () => {
      expect([...a.at(-1)!, 0]).toEqual(b);
    });
  }

  if (error) {
    test("has an embedded method of the order it claims", () => {
      expect(error.length).toBe(b.length);
      const embedded = b.map((weight, i) => weight - error[i]);
      expectOrder(errorOrder!, embedded, inner);
    });
  }

  if (dense) {
    test("has dense output that ends in the step, and its order", () => {
      expect(dense.map((row) => row.length)).toEqual(b.map(() => dense[0].length));
      dense.forEach((row, i) => expect(sum(row)).toBeCloseTo(b[i], 11));
      const powers = dense[0].map((_, j) => dense.map((row) => row[j]));
      expectDenseOrder(denseOrders[name], powers, inner);
      // It begins with the slope of the first stage and no other.
      powers[0].forEach((weight, i) => expect(weight).toBe(i === 0 ? 1 : 0));
    });
  }
});

describe.each([rodas4, rodas5p])("$name", (method) => {
  const { name, order, errorOrder, gamma, a, b, c, d, error, dense } = method;
  const { alpha, Gamma, inStages } = untransformed(method);
  const beta = alpha.map((row, i) => row.map((x, j) => x + Gamma[i][j]));
  // The Jacobian is that of the step's start, and the same in all stages: it changes what meets a first derivative.
  const inner: Inner = (children) => (children === 1 ? beta : alpha);

  test("is of the form claimed, and each stage stands at its own time", () => {
    for (const list of [a, method.C, b, c, d, error]) expect(list.length).toBe(b.length);
    for (const row of dense) expect(row.length).toBe(b.length);
    for (const rows of [a, method.C]) expect(rows.map((row) => row.length)).toEqual(rows.map((_, i) => i));
    alpha.forEach((row, i) => expect(sum(row)).toBeCloseTo(c[i], 13));
    Gamma.forEach((row, i) => expect(sum(row)).toBeCloseTo(d[i], 13));
  });

  test("has the order it claims, and so has its embedded method", () => {
    expectOrder(order, inStages(b), inner);
    expectOrder(errorOrder, inStages(b.map((weight, i) => weight - error[i])), inner);
  });

  test("is stiffly accurate: the step is the argument of the last stage and that stage", () => {
    expect(b).toEqual([...a.at(-1)!, 1]);
    expect(error).toEqual(b.map((_, i) => (i === b.length - 1 ? 1 : 0)));
  });

  test("is stable: |R(z)| <= 1 on the imaginary axis and the negative reals, and R tends to 0", () => {
    for (let x = 1e-3; x < 1e9; x *= 1.3) {
      expect(growth(method, [0, x])).toBeLessThan(1 + 1e-9);
      expect(growth(method, [-x, 0])).toBeLessThan(1);
    }
    expect(growth(method, [-1e10, 0])).toBeLessThan(1e-8);
  });

  test("has dense output of its order", () => {
    // theta b + theta (1 - theta) (dense[0] + theta dense[1] + ...), by powers of theta.
    const powers = upTo(dense.length + 1).map((power) =>
      b.map((weight, i) => {
        const [here, before] = [dense[power - 1]?.[i] ?? 0, dense[power - 2]?.[i] ?? 0];
        return (power === 1 ? weight : 0) + here - before;
      }),
    );
    expectDenseOrder(denseOrders[name], powers.map(inStages), inner);
  });

  test("gamma is on the diagonal", () => {
    Gamma.forEach((row, i) => expect(row[i]).toBeCloseTo(gamma, 14));
  });
});

/**
 * The method in its own stages, k_i = h f(y + sum_j alpha_ij k_j) + h J sum_j Gamma_ij k_j: u = Gamma k, where the
 * inverse of Gamma is I / gamma - C; weights of u become weights of k.
 */
function untransformed({ gamma, a, C }: RosenbrockTableau) {
  const inverse = C.map((row, i) => [...row.map((x) => -x), 1 / gamma, ...C.slice(i + 1).map(() => 0)]);
  const Gamma = inverse.map((_, i) => inverse.map((_, j) => (i === j ? gamma : 0)));
  for (let j = 0; j < C.length; j++) {
    for (let i = j + 1; i < C.length; i++) {
      for (let k = j; k < i; k++) Gamma[i][j] -= gamma * inverse[i][k] * Gamma[k][j];
    }
  }
  const inStages = (weights: readonly number[]) =>
    Gamma.map((_, j) => weights.reduce((s, weight, i) => s + weight * Gamma[i][j], 0));
  return { Gamma, alpha: a.map(inStages), inStages };
}

type Complex = readonly [number, number];

/** |y1 / y0| of one step h = 1 on y' = z y. */
function growth({ gamma, a, C, b }: RosenbrockTableau, z: Complex): number {
  const times = (x: Complex, y: Complex): Complex => [x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]];
  const total = (weights: readonly number[], u: readonly Complex[], first: number): Complex => [
    weights.reduce((s, weight, i) => s + weight * u[i][0], first),
    weights.reduce((s, weight, i) => s + weight * u[i][1], 0),
  ];
  const W: Complex = [1 / gamma - z[0], -z[1]];
  const scale = W[0] * W[0] + W[1] * W[1];
  const u: Complex[] = [];
  a.forEach((row, i) => {
    const rate = times(z, total(row, u, 1));
    const history = total(C[i], u, 0);
    u.push(times([rate[0] + history[0], rate[1] + history[1]], [W[0] / scale, -W[1] / scale]));
  });
  return Math.hypot(...total(b, u, 1));
}
