import { type BackendName, compile, type DType, nn, type Tensor } from "pondus";
import { expect } from "vitest";

/** Every kind of constraint on one network, which is drawn from seed 0. */
export function everyKind(dtype: DType = "float32") {
  const net = nn.sequential(
    nn.dense(6, 8, { dtype }),
    nn.tanh,
    nn.dense(8, 8, { dtype }),
    nn.tanh,
    nn.dense(8, 1, { dtype }),
  );
  const [a, b, c] = [0, 2, 4].map((i) => net.children[i].parameters);
  nn.tie(a.weight, nn.toeplitz);
  nn.freeze(a.weight, ([i, j]) => j - i > 4, 0);
  nn.bound(a.weight, [-0.3, 0.3], ([i, j]) => i === j);
  nn.tie(b.weight, nn.symmetric);
  nn.positive(b.weight, ([i, j]) => i === j);
  nn.freeze(b.weight, [[0, 1]]);
  nn.bound(b.bias, [-0.1, 0.1]);
  nn.bound(c.weight, [Number.NEGATIVE_INFINITY, 0.4]);
  nn.freeze(c.bias, "all", 0.25);
  nn.initialize(net, 0);
  return net;
}

/** Throws where a weight's entries break its constraint, to the last bit. */
export async function holds(model: Record<string, Tensor>, backend: BackendName | "auto" = "auto"): Promise<void> {
  const values = await compile(() => model, {}, { backend }).run();
  for (const [name, x] of Object.entries(model)) {
    const data = (values as Record<string, { data: ArrayLike<number> }>)[name].data;
    for (const { entries, lower, upper, frozen } of nn.constraintOf(x)?.groups ?? []) {
      const strides = x.shape.map((_, axis) => x.shape.slice(axis + 1).reduce((n, m) => n * m, 1));
      const all = entries.map((e) => data[e.reduce((at, i, axis) => at + i * strides[axis], 0)]);
      for (const v of all) expect(v).toBe(all[0]);
      if (frozen !== undefined) expect(all[0]).toBe(frozen);
      else expect(all[0] >= lower && all[0] <= upper, `${name}: ${all[0]} in [${lower}, ${upper}]`).toBe(true);
    }
  }
}

/** The weights of a network as its layers see them. */
export const weightsIn = (net: nn.Layer): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(net.children).flatMap(([i, layer]) =>
      Object.entries(layer.parameters).map(([role, x]) => [`${role}${i}`, x] as const),
    ),
  );
