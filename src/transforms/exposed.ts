import { close, closeAt } from "../graph/body.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import type { Loop } from "../graph/types.ts";
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
  if (node.is("cond")) return exposingBranch(node, wanted);
  return node.is("scan") || node.is("while") ? exposingLoop(node, wanted) : node;
}

function exposingBranch(node: Node<"cond">, wanted: ReadonlySet<Node>): Node {
  const { whenTrue, whenFalse } = node.attrs;
  const open = opened(node, [...whenTrue, ...whenFalse], wanted);
  if (!open) return node;
  const border = new Set([...node.inputs, ...wanted]);
  const closed = closeAt(open, (x) => border.has(x));
  const count = whenTrue.length;
  return make("cond", [node.inputs[0], ...closed.sources], {
    captured: closed.captured,
    whenTrue: closed.outputs.slice(0, count),
    whenFalse: closed.outputs.slice(count),
  });
}

function exposingLoop(node: Loop, wanted: ReadonlySet<Node>): Node {
  const { carry, next, ys } = node.attrs;
  const first = node.is("scan") ? node.attrs.count : (node as Node<"while">).attrs.test;
  const open = opened(node, [...(first ? [first] : []), ...next, ...ys], wanted);
  if (!open) return node;
  const formals = [...carry, ...(node.is("scan") ? node.attrs.xs : [])];
  const closed = close(open, formals, new Map(), wanted);
  const inputs = [...node.inputs.slice(0, formals.length), ...closed.sources];
  const results = closed.outputs.slice(first ? 1 : 0);
  const body = {
    captured: closed.captured,
    next: results.slice(0, next.length),
    ys: results.slice(next.length),
  };
  if (node.is("scan"))
    return make("scan", inputs, { ...node.attrs, ...body, ...(first && { count: closed.outputs[0] }) });
  return make("while", inputs, { ...(node as Node<"while">).attrs, ...body, test: closed.outputs[0] });
}

/** A body's outputs on what it captured, where something wanted is hidden in it; undefined where nothing is. */
function opened(
  node: Loop | Node<"cond">,
  outputs: readonly Node[],
  wanted: ReadonlySet<Node>,
): readonly Node[] | undefined {
  const { captured } = node.attrs;
  const sources = node.inputs.slice(node.inputs.length - captured.length);
  const open = substitute(outputs, new Map(captured.map((formal, i) => [formal, sources[i]])));
  const known = new Map(sources.map((x) => [x, x]));
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
