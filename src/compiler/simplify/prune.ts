import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { resultTypes } from "../../graph/types.ts";
import { rewrite, topological, withInputs } from "../../graph/walk.ts";
import { mapBodies } from "./bodies.ts";

/**
 * Drops results of loops and branches that are not read, and the carries, sequences and captures that only they used. From
 * the last to the first, so that what only a dropped result read is not picked either.
 */
export function prune(roots: readonly Node[]): Node[] {
  const live = new Set(roots);
  const picked = new Map<Node, Set<number>>();
  /** For each loop or branch what is left of it, on its old inputs, and the old numbers of its results in their new order. */
  const left = new Map<Node, { readonly lean: Node; readonly order: number[] }>();
  for (const node of topological(roots).reverse()) {
    if (!live.has(node)) continue;
    if (node.is("result")) {
      const list = picked.get(node.inputs[0]) ?? new Set();
      picked.set(node.inputs[0], list.add(node.attrs.index));
    }
    const wanted = picked.get(node);
    if (wanted) {
      const order = liveResults(node, wanted);
      const inside = mapBodies(withResults(node, order), prune);
      left.set(node, {
        lean: withResults(
          inside,
          order.map((_, i) => i),
        ),
        order,
      });
    }
    for (const x of left.get(node)?.lean.inputs ?? node.inputs) live.add(x);
  }
  return rewrite(roots, (node, inputs) => {
    if (!live.has(node)) return node;
    if (node.is("result")) {
      const order = left.get(node.inputs[0])?.order;
      return make("result", inputs, { index: order ? order.indexOf(node.attrs.index) : node.attrs.index });
    }
    const made = left.get(node)?.lean;
    if (!made) return withInputs(node, inputs);
    return withInputs(
      made,
      made.inputs.map((x) => inputs[node.inputs.indexOf(x)]),
    );
  });
}

/** The results that are picked, and the carries on which those depend, in order. */
function liveResults(node: Node, wanted: ReadonlySet<number>): number[] {
  const all = resultTypes(node).map((_, i) => i);
  if (node.is("cond")) return all.filter((i) => wanted.has(i));
  if (!node.is("scan") && !node.is("while")) return all;
  const { carry, next } = node.attrs;
  if (wanted.size === all.length) return all;
  const live = new Set(wanted);
  const results = [...next, ...node.attrs.ys];
  const always = node.is("while") ? [node.attrs.test] : [];
  for (let before = -1; before !== live.size; ) {
    before = live.size;
    const used = new Set(topological([...always, ...[...live].map((i) => results[i])]));
    carry.forEach((formal, i) => used.has(formal) && live.add(i));
  }
  return all.filter((i) => live.has(i));
}

function withResults(node: Node, order: readonly number[]): Node {
  const take = <T>(list: readonly T[], at: readonly number[]) => at.map((i) => list[i]);
  const usedOf = (formals: readonly Node[], outputs: readonly Node[]) => {
    const used = new Set(topological(outputs));
    return formals.flatMap((formal, i) => (used.has(formal) ? [i] : []));
  };
  if (node.is("scan")) {
    const { carry, xs, captured, next, ys, count } = node.attrs;
    const c = carry.length;
    const [carries, stacks] = [order.filter((i) => i < c), order.filter((i) => i >= c).map((i) => i - c)];
    const [keptNext, keptYs] = [take(next, carries), take(ys, stacks)];
    const read = [...keptNext, ...keptYs, ...(count ? [count] : [])];
    const [x, k] = [usedOf(xs, read), usedOf(captured, read)];
    const from = c + xs.length;
    const inputs = [...carries, ...x.map((i) => c + i), ...k.map((i) => from + i)];
    return make("scan", take(node.inputs, inputs), {
      ...node.attrs,
      carry: take(carry, carries),
      xs: take(xs, x),
      captured: take(captured, k),
      next: keptNext,
      ys: keptYs,
    });
  }
  if (node.is("while")) {
    const { carry, captured, next, test, ys } = node.attrs;
    const c = carry.length;
    const [carries, stacks] = [order.filter((i) => i < c), order.filter((i) => i >= c).map((i) => i - c)];
    const [keptNext, keptYs] = [take(next, carries), take(ys, stacks)];
    const k = usedOf(captured, [test, ...keptNext, ...keptYs]);
    return make("while", take(node.inputs, [...carries, ...k.map((i) => c + i)]), {
      ...node.attrs,
      carry: take(carry, carries),
      captured: take(captured, k),
      next: keptNext,
      ys: keptYs,
    });
  }
  if (!node.is("cond")) return node;
  const [whenTrue, whenFalse] = [take(node.attrs.whenTrue, order), take(node.attrs.whenFalse, order)];
  const k = usedOf(node.attrs.captured, [...whenTrue, ...whenFalse]);
  return make("cond", take(node.inputs, [0, ...k.map((i) => 1 + i)]), {
    captured: take(node.attrs.captured, k),
    whenTrue,
    whenFalse,
  });
}
