import { parameter, type Tensor, tensor } from "pondus";

export const float64 = { dtype: "float64" } as const;
export const reference = { backend: "reference" } as const;

/** Spread between -1 and 1, the same at every run. */
export const values = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + seed) + seed));
export const data = (shape: number[], seed: number) =>
  tensor(
    Float64Array.from(
      values(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
    ),
    { shape },
  );
export const knob = (shape: number[], seed: number, scale = 1) =>
  parameter(shape, () => (i) => scale * Math.sin(12.9898 * (i + seed) + seed), float64);

/** A net of two layers with its knobs as a record. */
export function net(inputs: number, hidden: number, outputs: number, seed = 1) {
  const knobs = {
    w1: knob([inputs, hidden], seed),
    b1: knob([hidden], seed + 1, 0.3),
    w2: knob([hidden, outputs], seed + 2),
    b2: knob([outputs], seed + 3, 0.3),
  };
  const call = (x: Tensor) => x.matmul(knobs.w1).add(knobs.b1).tanh().matmul(knobs.w2).add(knobs.b2);
  return { knobs, call };
}
