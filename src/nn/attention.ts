import type { DType } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { describeOrigin, labelled } from "../graph/origin.ts";
import type { Initializer } from "../graph/parameter.ts";
import { broadcast, formatShape, sameShape, sizeOf } from "../graph/shape.ts";
import { arange, einsum } from "../tensor/functions.ts";
import { parameter } from "../tensor/parameter.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import { glorotUniform, zeros } from "./initializers.ts";
import { type Layer, layer } from "./layer.ts";

export interface Attention extends Layer {
  /**
   * Attention of one sequence to another.
   *
   * @param query         [..., queries, features]
   * @param key           [..., keys, features]
   * @param value         [..., keys, features]
   * @param options.mask  bool, true where a query may see a key, or of the scores' type, added to them; spread to [...,
   *                      queries, keys], or with an axis of heads to [..., heads, queries, keys]. A mask of keys is
   *                      [batch, 1, keys]. A query that may see none takes up nothing: its sum is 0
   * @returns             [..., queries, features]
   * @throws `layer.input` when shapes do not fit, `attention.mask` when the mask does not
   */
  attend(query: Tensor, key: Tensor, value: Tensor, options?: { mask?: Tensor }): Tensor;
}

/**
 * Multi-head scaled dot-product attention (Vaswani et al., arXiv:1706.03762, section 3.2). Called with one tensor it is
 * self-attention, [..., time, features] to the same shape.
 *
 * Query, key and value are brought to `heads` spaces of features / heads numbers by `in_proj_weight`, whose rows stand in
 * that order, [3 features, features], and `in_proj_bias`. In each, a query takes the values in the shares
 * softmax(q . k / sqrt(features / heads)). The heads' results, side by side, go through the dense layer `out_proj`.
 *
 * @param features        length of a query, a key, a value and a result
 * @param heads           how many spaces; divides `features`
 * @param options.causal   whether a query sees only what is no later than itself (default: no)
 * @param options.bias     whether the projections have a bias (default: yes)
 * @param options.dropout  the rate at which shares are dropped while training, as by `dropout` (default: 0)
 * @param options.init     first value of both weights (default: `glorotUniform`)
 * @param options.dtype    float32 (default) or float64
 * @throws `layer.size` unless both are whole numbers from 1 and `heads` divides `features`, `layer.option`; when
 *         called, as `attend`
 */
export function attention(
  features: number,
  heads: number,
  options: { causal?: boolean; bias?: boolean; dropout?: number; init?: Initializer; dtype?: DType } = {},
): Attention {
  const name = `attention(${features}, ${heads})`;
  if (![features, heads, features / heads].every((n) => Number.isInteger(n) && n > 0)) {
    throw new PondusError(
      "layer.size",
      `${name}: both must be whole numbers from 1, and the heads must divide the features.`,
    );
  }
  const { causal = false, bias = true, init = glorotUniform, dtype } = options;
  const drop = dropout(options.dropout ?? 0);
  const [weight, b, out] = labelled(name, () => [
    parameter([3 * features, features], init, { name: `${name}.in_proj_weight`, dtype }),
    bias ? parameter([3 * features], zeros, { name: `${name}.in_proj_bias`, dtype }) : undefined,
    dense(features, features, { bias, init, dtype }),
  ]);

  /** [..., length, features] to [batch, length, heads, size], for some of query 0, key 1 and value 2. */
  const project = (x: Tensor, first: number, count: number): Tensor[] => {
    const [from, to] = [first * features, (first + count) * features];
    const y = x.matmul(weight.slice(from, to).T);
    const moved = b ? y.add(b.slice(from, to)) : y;
    const parts = moved.reshape([sizeOf(x.shape.slice(0, -2)), x.shape[x.rank - 2], count, heads, features / heads]);
    return Array.from({ length: count }, (_, i) => parts.at(i, 2));
  };

  /** What is one tensor goes through one product. */
  const projections = (query: Tensor, key: Tensor, value: Tensor): Tensor[] => {
    if (key.node !== value.node) return [...project(query, 0, 1), ...project(key, 1, 1), ...project(value, 2, 1)];
    if (query.node !== key.node) return [...project(query, 0, 1), ...project(key, 1, 2)];
    return project(query, 0, 3);
  };

  const attend: Attention["attend"] = (query, key, value, { mask } = {}) => {
    checkShapes(name, features, query, key, value);
    if (causal) checkCausal(name, query, key);
    const masks = labelled(name, () => masksOf(name, query, key, heads, causal, mask));
    return labelled(name, () => {
      const [q, k, v] = projections(query, key, value);
      const scores = einsum("bqhd,bkhd->bhqk", q.mul(1 / Math.sqrt(features / heads)), k);
      const taken = einsum("bhqk,bkhd->bqhd", drop(shares(scores, masks)), v);
      return labelled("out_proj", () => out(taken.reshape(query.shape)));
    });
  };

  const made = layer("attention", (x) => attend(x, x, x), {
    name,
    parameters: { in_proj_weight: weight, ...(b && { in_proj_bias: b }) },
    children: { out_proj: out },
  });
  return Object.assign(made, { attend });
}

/** What is done to scores, [batch or 1, heads or 1, queries or 1, keys or 1]: which of them count, and what is added. */
interface Masks {
  readonly visible?: Tensor;
  readonly added?: Tensor;
}

/** Softmax over the keys that are visible; all 0 where none is. */
function shares(scores: Tensor, { visible, added }: Masks): Tensor {
  if (!visible && !added) return scores.softmax(-1);
  const moved = added ? scores.add(added) : scores;
  // Hidden keys get a share of exactly 0, and gradients of 0, however large their score.
  const seen = visible ? where(visible, moved, Number.NEGATIVE_INFINITY) : moved;
  const top = seen.max(-1, { keepDims: true }).stopGradient();
  const e = seen.sub(where(top.eq(Number.NEGATIVE_INFINITY), 0, top)).exp();
  const sum = e.sum(-1, { keepDims: true });
  return e.div(where(sum.eq(0), 1, sum));
}

function masksOf(
  name: string,
  query: Tensor,
  key: Tensor,
  heads: number,
  causal: boolean,
  mask: Tensor | undefined,
): Masks {
  const [queries, keys] = [query.shape[query.rank - 2], key.shape[key.rank - 2]];
  const past = causal ? arange(keys).le(arange(queries).unsqueeze(-1)).reshape([1, 1, queries, keys]) : undefined;
  if (!mask) return { visible: past };
  const lead = query.shape.slice(0, -2);
  // With an axis of heads, or with one of 1 in its place.
  const whole = [...lead, heads, queries, keys];
  const own = mask.rank === whole.length ? mask.shape : [...mask.shape.slice(0, -2), 1, ...mask.shape.slice(-2)];
  const fits = mask.rank >= 2 ? own : [1, 1, ...mask.shape].slice(-3);
  const isMask = mask.dtype === "bool" || mask.dtype === query.dtype;
  if (!isMask || !sameShape(broadcast(fits, whole) ?? [], whole)) {
    throw new PondusError(
      "attention.mask",
      `${name}: the mask must be bool, true where a query may see a key, or ${query.dtype} to be added to scores, and spread to ` +
        `${formatShape([...lead, queries, keys])}, or to ${formatShape(whole)} with an axis of heads, but ${mask.dtype} ` +
        `${formatShape(mask.shape)} came${describeOrigin(mask.node.origin)}; a mask of keys, [batch, keys], fits after ` +
        "mask.unsqueeze(1), and numbers become bool by a comparison, such as mask.ne(0).",
    );
  }
  const padded = [...whole.map(() => 1), ...fits].slice(-whole.length);
  const outer = padded.slice(0, -3);
  const spread = outer.every((n) => n === 1) || lead.length === 1 ? outer : lead;
  const here = mask.reshape(padded).expand([...spread, ...padded.slice(-3)]);
  const flat = here.reshape([sizeOf(spread), ...padded.slice(-3)]);
  if (mask.dtype !== "bool") return { visible: past, added: flat };
  return { visible: past ? past.and(flat) : flat };
}

function checkShapes(name: string, features: number, query: Tensor, key: Tensor, value: Tensor): void {
  const lead = (x: Tensor) => x.shape.slice(0, -2);
  const whole = (x: Tensor) => x.rank >= 2 && x.shape[x.rank - 1] === features && sameShape(lead(x), lead(query));
  if ([query, key, value].every(whole) && sameShape(key.shape, value.shape)) return;
  const came = Object.entries({ query, key, value }).map(
    ([what, x]) => `${what} ${formatShape(x.shape)}${describeOrigin(x.node.origin)}`,
  );
  throw new PondusError(
    "layer.input",
    `${name} takes [..., time, ${features}] with equal leading axes, and as many keys as values, but ` +
      `${query.node === key.node && key.node === value.node ? came[0].replace("query ", "") : came.join(", ")} came.`,
  );
}

function checkCausal(name: string, query: Tensor, key: Tensor): void {
  const [queries, keys] = [query, key].map((x) => x.shape[x.rank - 2]);
  if (queries === keys) return;
  throw new PondusError(
    "layer.input",
    `${name} is causal, which takes as many queries as keys, but ${queries} and ${keys} came; leave causal out and say by ` +
      "a mask which keys a query may see.",
  );
}
