import { formal } from "../../graph/body.ts";
import { make } from "../../graph/make.ts";
import type { CustomBackward, CustomForward, Node, OpAttrs } from "../../graph/node.ts";
import { substitute } from "../../graph/walk.ts";
import { isMask, masked, operandsIn, ownIn } from "./masked.ts";
import { type Batch, type Batched, led } from "./samples.ts";

type Mark = Node<"again"> | Node<"checkpoint"> | Node<"custom">;

/** A node whose value is its first input's; the others say when or how that is computed, or derived. */
export function isMark(node: Node): node is Mark {
  return node.is("again") || node.is("checkpoint") || node.is("custom");
}

export function batchMark(
  node: Mark,
  given: readonly Batched[],
  size: number,
  batch: Batch,
  takes: Node | undefined,
): Batched {
  if (isMask(node)) {
    const [x, , mask] = given;
    return { node: masked(ownIn(x, size, takes), led(mask, size)), has: true };
  }
  const inputs = takes && node.is("custom") ? operandsIn(node, given, size, takes) : given;
  const [value, ...others] = inputs;
  const nodes = others.map((x) => x.node);
  if (node.is("custom")) {
    return { node: make("custom", [led(value, size), ...nodes], rulesForAll(node, others, size, batch)), has: true };
  }
  if (node.is("again")) return { node: make("again", [value.node, ...nodes], {}), has: value.has };
  // What is the same for all samples is computed from what is.
  const from = value.has ? others : others.filter(({ has }) => !has);
  return { node: make("checkpoint", [value.node, ...from.map((x) => x.node)], {}), has: value.has };
}

/** What stands for one sample, and what is there for all or is the same for all. */
type Given = readonly [one: Node, here: Batched];

/** The rules of one's own for all samples: what samples share gets the sum of all their cotangents. */
function rulesForAll(node: Node<"custom">, given: readonly Batched[], size: number, batch: Batch): OpAttrs["custom"] {
  const { backward, forward } = node.attrs;
  const [value, ...samples] = node.inputs.map(formal);

  /** What a rule wrote for one sample, for all of them. */
  const forAll = (written: readonly (Node | undefined)[], places: readonly Given[]): (Batched | undefined)[] => {
    const [own, shared] = [true, false].map((has) => {
      return new Map(places.flatMap(([one, here]) => (here.has === has ? [[one, here.node] as const] : [])));
    });
    const there = written.flatMap((x) => x ?? []);
    const found = batch(substitute(there, shared), own, size);
    return written.map((x) => x && found.shift());
  };
  const placesOf = (here: readonly Node[]) => samples.map((x, i): Given => [x, { node: here[i], has: given[i].has }]);

  const backwardForAll: CustomBackward = (here, cotangent, asked) => {
    const places = [...placesOf(here), [value, { node: cotangent, has: true }] as const];
    return forAll(backward(samples, value, asked), places).map((x, i) => {
      if (!x || given[i].has) return x && led(x, size);
      return make("sum", [led(x, size)], { axes: [0] });
    });
  };
  const forwardForAll: CustomForward = (here, tangents) => {
    const moved = tangents.map((x, i) => x && formal(samples[i]));
    const along = moved.flatMap((one, i): Given[] => {
      const node = tangents[i];
      return one && node ? [[one, { node, has: given[i].has }]] : [];
    });
    const [tangent] = forAll([forward?.(samples, moved)], [...placesOf(here), ...along]);
    return tangent && led(tangent, size);
  };
  return { backward: backwardForAll, ...(forward && { forward: forwardForAll }) };
}
