import type { Slot } from "../../graph/body.ts";
import { type Control, controlOf, headOf, makeControl, type Result, resultsOf, valuesOf } from "../../graph/control.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
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
    const control = wanted && controlOf(node);
    if (control) left.set(node, leanOf(control, wanted));
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

function leanOf(control: Control, wanted: ReadonlySet<number>): { lean: Node; order: number[] } {
  const results = resultsOf(control);
  const live = liveResults(control, new Set(results.filter((_, i) => wanted.has(i))));
  const order = results.flatMap((r, i) => (live.has(r) ? [i] : []));
  const asked = makeControl(withResults(control, live));
  const smaller = mapBodies(asked, prune);
  if (smaller === asked) return { lean: asked, order };
  const lean = controlOf(smaller) as Control;
  return { lean: makeControl(withResults(lean, new Set(resultsOf(lean)))), order };
}

/** The results that are picked, and the carries on which those depend. */
function liveResults(control: Control, wanted: ReadonlySet<Result>): ReadonlySet<Result> {
  const live = new Set(wanted);
  const always = control.op === "while" ? [control.test] : [];
  for (let before = -1; before !== live.size; ) {
    before = live.size;
    const used = new Set(topological([...always, ...[...live].flatMap(valuesOf)]));
    for (const c of control.carry) if (used.has(c.formal)) live.add(c);
  }
  return live;
}

/** A loop or branch with some of its results, and the slots that those read. */
function withResults(control: Control, live: ReadonlySet<Result>): Control {
  const [carry, outs] = [control.carry.filter((c) => live.has(c)), control.outs.filter((y) => live.has(y))];
  const read = new Set(topological([...headOf(control), ...[...live].flatMap(valuesOf)]));
  const isRead = ({ formal }: Slot) => read.has(formal);
  return { ...control, carry, outs, xs: control.xs.filter(isRead), captured: control.captured.filter(isRead) };
}
