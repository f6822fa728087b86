import { formal, type Slot } from "../../graph/body.ts";
import { built, type Carry, type Control, controlOf, type Out, resultsOf } from "../../graph/control.ts";
import { isFloat } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";
import { orZeros, paired } from "../zero.ts";

type Tangents = readonly (Node | undefined)[];
type Pushforward = (outputs: readonly Node[], seeds: ReadonlyMap<Node, Node>) => (Node | undefined)[];

/**
 * Forward mode through loops and branches: the loop runs once with the tangents beside the values. The formal
 * parameters of the original body are kept, so that the compiler can merge the new loop with the original one. A branch, which is not
 * merged, gives the tangents alone.
 *
 * @returns one tangent per result, or undefined when `node` is no control node
 */
export function controlForward(node: Node, moving: Tangents, push: Pushforward): Tangents | undefined {
  const control = controlOf(node);
  if (!control) return undefined;
  const tangentOf = paired(node.inputs, moving);
  const fixed = new Map<Node, Slot>();
  for (const slot of [...control.xs, ...control.captured]) {
    const input = tangentOf.get(slot.input);
    if (input) fixed.set(slot.formal, { formal: formal(slot.formal), input });
  }
  const seeds = new Map([...fixed].map(([x, tangent]) => [x, tangent.formal]));
  const carries = movingCarries(control, tangentOf, seeds, push);
  for (const [{ formal: x }, tangent] of carries) seeds.set(x, tangent.formal);
  const values = control.outs.flatMap((y) => y.values);
  const pushed = paired(values, push(values, seeds));
  const outs = new Map<Out, Out>();
  for (const y of control.outs) {
    if (y.values.some((x) => pushed.get(x))) outs.set(y, { values: y.values.map((x) => orZeros(pushed.get(x), x)) });
  }
  const beside = (slots: readonly Slot[]) => [...slots, ...slots.flatMap((s) => fixed.get(s.formal) ?? [])];
  const tangentResult = built({
    ...control,
    carry: [...control.carry, ...carries.values()],
    xs: beside(control.xs),
    captured: beside(control.captured),
    outs: [...(control.op === "cond" ? [] : control.outs), ...outs.values()],
  });
  return resultsOf(control).map((r) => {
    const tangent = "next" in r ? carries.get(r) : outs.get(r);
    return tangent && tangentResult(tangent);
  });
}

/** The tangents of the carries that move: those that start moving, and those that a moving one sets in motion. */
function movingCarries(
  { carry }: Control,
  starts: ReadonlyMap<Node, Node | undefined>,
  others: ReadonlyMap<Node, Node>,
  push: Pushforward,
): Map<Carry, Carry> {
  const all = new Map(carry.flatMap((c) => (isFloat(c.formal.dtype) ? [[c.formal, formal(c.formal)]] : [])));
  let moves = carry.filter((c) => starts.get(c.input));
  for (;;) {
    const seeds = new Map([...others, ...moves.map((c) => [c.formal, all.get(c.formal) as Node] as const)]);
    const next = paired(
      carry,
      push(
        carry.map((c) => c.next),
        seeds,
      ),
    );
    const grown = carry.filter((c) => moves.includes(c) || next.get(c));
    if (grown.length === moves.length) {
      const tangentOf = (c: Carry): Carry => ({
        formal: all.get(c.formal) as Node,
        input: orZeros(starts.get(c.input), c.formal),
        next: orZeros(next.get(c), c.formal),
      });
      return new Map(moves.map((c) => [c, tangentOf(c)]));
    }
    moves = grown;
  }
}
