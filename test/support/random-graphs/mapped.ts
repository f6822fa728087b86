import { grad, jvp, random, stack, type Tensor, type vmap } from "pondus";
import { formal } from "../../../src/graph/body.ts";
import { substitute } from "../../../src/graph/walk.ts";
import { Tensor as Made } from "../../../src/tensor/tensor.ts";
import type { Kind, Step } from "./steps.ts";
import { Written } from "./written.ts";

/** A function of many samples from one of one sample: `vmap`, or what it must be equal to. */
export type Mapping = typeof vmap;

/** Calls the function sample by sample. */
export const oneByOne: Mapping = (f, { in: axes = 0, out = 0 } = {}) => {
  const sampled = ((...xs: Tensor[]) => {
    const at = xs.map((_, i) => (Array.isArray(axes) ? axes[i] : axes) as number | null);
    const first = at.findIndex((axis) => axis !== null);
    const count = xs[first].shape[at[first] as number];
    // Formals, as equal expressions are one: a sample is not what happens to be the same row of the same tensor.
    const formals = xs.map((x, i) => formal({ shape: x.shape.filter((_, axis) => axis !== at[i]), dtype: x.dtype }));
    const one = (f as unknown as (...xs: Tensor[]) => Tensor)(...formals.map((x) => new Made(x)));
    const each = Array.from({ length: count }, (_, k) => {
      const own = xs.map((x, i) => (at[i] === null ? x : x.at(k, at[i] as number)));
      return new Made(substitute([one.node], new Map(formals.map((x, i) => [x, own[i].node])))[0]);
    });
    const rank = each[0].rank + 1;
    return stack(each, (out as number) < 0 ? (out as number) + rank : (out as number));
  }) as unknown;
  return sampled as typeof f;
};

type Take = (step: Step, pool: readonly Written[], lines: string[], map: Mapping) => Written;

/** How deep maps stand in one another. */
let depth = 0;

/** A function of one sample, of a few steps of any kind, mapped over the samples of one or two values; or its derivative. */
export const mapped =
  (take: Take): Kind =>
  (step, pool, lines, map) => {
    const along = pool.filter((x) => x.shape.length > 0 && x.shape.length < 4);
    if (along.length === 0 || depth > 1) return pool[0].call("sin", [], 1);
    const x = along[step.a % along.length];
    const axis = step.b % x.shape.length;
    const size = x.shape[axis];
    const others = along.filter((y) => y !== x && y.shape[0] === size);
    const keys = step.c % 4 === 3 ? stack(random.split(random.key(step.c), size)) : undefined;
    const y = others.length > 0 && step.c % 3 > 0 ? others[step.c % others.length] : undefined;
    const shared = pool[step.b % pool.length];
    const inside: string[] = [];
    let result: Written | undefined;
    depth++;
    const f = (...given: Tensor[]) => {
      inside.length = 0;
      const own = [new Written(given[0], "p", x.bound), new Written(given[1], "q", shared.bound)];
      if (y) own.unshift(new Written(given[2], "r", y.bound));
      const inner = [...own, ...pool.slice(0, 2)];
      if (keys) {
        const drawn = random.normal(given[given.length - 1], own[0].shape, own[0].tensor.dtype);
        inner.unshift(new Written(drawn, `random.normal(k, [${own[0].shape}], "${drawn.dtype}")`, 6));
      }
      for (let i = 0; i <= step.c % 2; i++) {
        const more = { kind: step.kind + step.a * 5 + step.b + i * 3, a: step.b + i, b: step.c + i, c: step.a + 3 * i };
        const value = take(more, inner, inside, map);
        inside.push(`const m${inside.length} = ${value.text};`);
        inner.unshift(new Written(value.tensor, `m${inside.length - 1}`, value.bound));
      }
      result = derived(step, inner[0], own[own.length - 2]);
      return result.tensor;
    };
    const axes = [axis, null, ...(y ? [0] : []), ...(keys ? [0] : [])];
    const given = [x, shared, ...(y ? [y] : [])];
    const out = step.a % 2 === 0 ? 0 : -1;
    const all = map(f, { in: axes, out })(...given.map((z) => z.tensor), ...(keys ? [keys] : []));
    depth--;
    const name = `r${lines.length}`;
    const made = result as unknown as Written;
    const names = ["p", "q", ...(y ? ["r"] : []), ...(keys ? ["k"] : [])];
    const texts = [
      ...given.map((z) => z.text),
      ...(keys ? [`stack(random.split(random.key(${step.c}), ${size}))`] : []),
    ];
    lines.push(
      `const ${name} = vmap((${names.join(", ")}) => { ${[...inside, `return ${made.text};`].join(" ")} }, { in: ${JSON.stringify(axes)}, out: ${out} })(${texts.join(", ")});`,
    );
    const whole = new Written(all, name, made.bound);
    return whole.shape.length > 4 || all.size > 400 ? whole.call("mean") : whole;
  };

/** A sample's own derivative in place of its value, of some steps. */
function derived({ a, b }: Step, y: Written, x: Written): Written {
  if (a % 3 !== 0 || y.shape.length > 3) return y;
  if (b % 2 === 0) {
    const g = grad(y.tensor.sin().mean(), x.tensor);
    return new Written(g, `grad(${y.text}.sin().mean(), ${x.text})`, 1000).call("tanh", [], 1);
  }
  const d = jvp(y.tensor.sin(), x.tensor, x.tensor.cos());
  return new Written(d, `jvp(${y.text}.sin(), ${x.text}, ${x.text}.cos())`, 1000).call("tanh", [], 1);
}
