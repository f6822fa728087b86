import { close, closeAt } from "../graph/body.ts";
import { bodiesOf, type Control, controlOf, makeControl, slotsOf, withBodies } from "../graph/control.ts";
import type { Node } from "../graph/node.ts";
import { rewrite, substitute, withInputs } from "../graph/walk.ts";

/**
 * `roots` with every one of `wanted` in sight of derivatives. A branch may have written an expression anew that is asked for
 * from outside, and a loop spreads inside what it captured; both then capture the expression itself. Equal expressions
 * are one wherever they are written.
 */
export function exposed(roots: readonly Node[], wanted: readonly Node[]): readonly Node[] {
  const computed = new Set(wanted.filter((x) => x.inputs.length > 0));
  if (computed.size === 0) return roots;
  return rewrite(roots, (node, inputs) => exposing(withInputs(node, inputs), computed));
}

function exposing(node: Node, wanted: ReadonlySet<Node>): Node {
  const control = controlOf(node);
  const open = control && opened(control, wanted);
  if (!open) return node;
  const border = new Set([...node.inputs, ...wanted]);
  // How many iterations a loop takes stays as it came in.
  const inside = slotsOf({ ...control, captured: [] }).map((s) => s.formal);
  const closed = control.op === "cond" ? closeAt(open, (x) => border.has(x)) : close(open, inside, new Map(), wanted);
  return makeControl(withBodies({ ...control, captured: closed.captured }, closed.outputs));
}

/** A body's outputs on what it captured, where something wanted is hidden in it; undefined where nothing is. */
function opened(control: Control, wanted: ReadonlySet<Node>): readonly Node[] | undefined {
  const { captured } = control;
  const open = substitute(bodiesOf(control).flat(), new Map(captured.map((s) => [s.formal, s.input])));
  const known = new Map(captured.map((s) => [s.input, s.input]));
  let hidden = false;
  const found = rewrite(
    open,
    (x, inputs) => {
      const inner = exposing(withInputs(x, inputs), wanted);
      hidden ||= inner !== x || wanted.has(x);
      return inner;
    },
    known,
  );
  return hidden ? found : undefined;
}
