import { bound } from "../graph/body.ts";
import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { make, type Node } from "../graph/node.ts";
import { describeOrigin } from "../graph/origin.ts";
import { substitute, topological } from "../graph/walk.ts";
import { residuals } from "./residuals.ts";
import { orZeros, present } from "./zero.ts";

type Cotangents = readonly (Node | undefined)[];
type Pullback = (outputs: readonly Node[], cotangents: Cotangents, wrt: readonly Node[]) => (Node | undefined)[];

const result = (node: Node, index: number): Node => make("pick", [node], { index });
const add = (x: Node, y: Node): Node => make("add", [x, y], {});

/** Reverse mode through loops and branches: cotangents of the node's inputs from those of its results. */
export function controlBackward(node: Node, cts: Cotangents, pull: Pullback): Cotangents {
  if (node.is("scan")) return scanBackward(node, cts, pull);
  if (node.is("while")) return whileBackward(node, cts, pull);
  return condBackward(node as Node<"cond">, cts, pull);
}

/**
 * The backward loop runs the steps in the opposite order. Its carry is the cotangent of the forward carry and the sums
 * for what the body captured; its sequences are the outputs' cotangents and what the forward loop kept (residuals.ts).
 */
function scanBackward(node: Node<"scan">, cts: Cotangents, pull: Pullback): Cotangents {
  const { carry, xs, captured, next, ys, length } = node.attrs;
  const [c, x] = [carry.length, carry.length + xs.length];
  const formals = [...carry, ...xs, ...captured];
  const ctYs = ys.map((y, i) => (cts[c + i] && isFloat(y.dtype) ? bound(y) : undefined));
  const ctCarry = carry.map((n) => (isFloat(n.dtype) ? bound(n) : undefined));
  let active = carry.map((_, i) => cts[i] !== undefined);
  let back: Cotangents;
  for (;;) {
    back = pull([...next, ...ys], [...ctCarry.map((n, i) => (active[i] ? n : undefined)), ...ctYs], formals);
    const grown = active.map((a, i) => a || back[i] !== undefined);
    if (grown.every((a, i) => a === active[i])) break;
    active = grown;
  }

  const carries = carry.flatMap((_, i) => (active[i] ? [i] : []));
  const slices = xs.flatMap((_, i) => (back[c + i] ? [i] : []));
  const sums = captured.flatMap((_, i) => (back[x + i] ? [i] : []));
  const totals = sums.map((i) => bound(captured[i]));
  const outputs = [
    ...carries.map((i) => orZeros(back[i], carry[i])),
    ...sums.map((i, k) => add(totals[k], back[x + i] as Node)),
    ...slices.map((i) => back[c + i] as Node),
  ];
  const backwardFormals = [...present(ctCarry), ...present(ctYs), ...totals];
  const kept = residuals(outputs, backwardFormals, node.attrs);
  const stacked = [...ys, ...kept.saved.filter((s) => !ys.includes(s))];
  const keeper = stacked.length > ys.length ? make("scan", node.inputs, { ...node.attrs, ys: stacked }) : node;
  const stacks = kept.saved.map((s) => result(keeper, c + stacked.indexOf(s)));
  const stand = kept.saved.map(bound);
  const closed = substitute(outputs, new Map(kept.saved.map((s, i) => [s, stand[i]])));
  const usedXs = xs.flatMap((_, i) => (kept.uses.has(xs[i]) ? [i] : []));
  const usedCaptured = captured.flatMap((_, i) => (kept.uses.has(captured[i]) ? [i] : []));

  const backward = make(
    "scan",
    [
      ...carries.map((i) => orZeros(cts[i], carry[i])),
      ...totals.map((n) => orZeros(undefined, n)),
      ...present(ys.map((_, i) => (ctYs[i] ? cts[c + i] : undefined))),
      ...usedXs.map((i) => node.inputs[c + i]),
      ...stacks,
      ...usedCaptured.map((i) => node.inputs[x + i]),
    ],
    {
      length,
      reverse: !node.attrs.reverse,
      carry: [...carries.map((i) => ctCarry[i] as Node), ...totals],
      xs: [...present(ctYs), ...usedXs.map((i) => xs[i]), ...stand],
      captured: usedCaptured.map((i) => captured[i]),
      next: closed.slice(0, carries.length + sums.length),
      ys: closed.slice(carries.length + sums.length),
    },
  );
  const from = (list: readonly number[], i: number, offset: number) =>
    list.includes(i) ? result(backward, offset + list.indexOf(i)) : undefined;
  return [
    ...carry.map((_, i) => from(carries, i, 0)),
    ...xs.map((_, i) => from(slices, i, carries.length + sums.length)),
    ...captured.map((_, i) => from(sums, i, carries.length)),
  ];
}

/** A bounded while loop is a scan whose steps do nothing once the test fails; its gradient is that scan's. */
function whileBackward(node: Node<"while">, cts: Cotangents, pull: Pullback): Cotangents {
  const { limit, carry, captured, test, next } = node.attrs;
  if (limit === undefined) {
    throw new PondusError(
      "grad.unbounded",
      `grad: a whileLoop without a limit has no reverse-mode gradient${describeOrigin(node.origin)}; ` +
        "give { limit: n }, the most steps that it may take, or use jvp.",
    );
  }
  const step = make("cond", [test, ...carry, ...captured], {
    captured: [...carry, ...captured],
    whenTrue: next,
    whenFalse: carry,
  });
  const same = make("scan", node.inputs, {
    length: limit,
    reverse: false,
    carry,
    xs: [],
    captured,
    next: carry.map((_, i) => result(step, i)),
    ys: [],
  });
  return scanBackward(same, cts, pull);
}

/** Each branch's gradient is a branch of the backward `cond`; it computes again what it needs of the forward one. */
function condBackward(node: Node<"cond">, cts: Cotangents, pull: Pullback): Cotangents {
  const { captured, whenTrue, whenFalse } = node.attrs;
  const formal = whenTrue.map((y, i) => (cts[i] ? bound(y) : undefined));
  const [yes, no] = [pull(whenTrue, formal, captured), pull(whenFalse, formal, captured)];
  const moved = captured.flatMap((_, i) => (yes[i] || no[i] ? [i] : []));
  const branches = [yes, no].map((back) => moved.map((i) => orZeros(back[i], captured[i])));
  const read = new Set(topological(branches.flat()));
  const used = captured.flatMap((n, i) => (read.has(n) ? [i] : []));
  const backward = make(
    "cond",
    [node.inputs[0], ...used.map((i) => node.inputs[1 + i]), ...present(whenTrue.map((_, i) => cts[i]))],
    {
      captured: [...used.map((i) => captured[i]), ...present(formal)],
      whenTrue: branches[0],
      whenFalse: branches[1],
    },
  );
  return [undefined, ...captured.map((_, i) => (moved.includes(i) ? result(backward, moved.indexOf(i)) : undefined))];
}
