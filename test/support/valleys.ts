import { type DType, parameter, tensor } from "pondus";

/** Rosenbrock's function, from (-1.2, 1, -1.2, 1, ...); the minimum is 0, at ones. */
export function rosenbrock(dimensions: number, dtype: DType = "float64") {
  const start = Array.from({ length: dimensions }, (_, i) => (i % 2 ? 1 : -1.2));
  const x = parameter([dimensions], start, { dtype, name: "x" });
  const before = x.slice(0, -1);
  const valley = x.slice(1).sub(before.square()).square().mul(100);
  return { x, loss: valley.add(before.neg().add(1).square()).sum() };
}

/** sum(a (x - b)^2) / 2, from 0. */
export function quadratic(a: readonly number[], b: readonly number[]) {
  const x = parameter([a.length], 0, { dtype: "float64", name: "x" });
  const away = x.sub(tensor(b, { dtype: "float64" }));
  return {
    x,
    loss: away
      .square()
      .mul(tensor(a, { dtype: "float64" }))
      .sum()
      .mul(0.5),
  };
}
