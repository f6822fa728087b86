import { sizeOf } from "../../graph/shape.ts";
import type { Layer } from "../../nn/layer.ts";
import { type Tensor, zeros } from "../../tensor/index.ts";
import { weightOf } from "../../tensor/parameter.ts";
import { side } from "./digits.ts";

/** Layers whose knobs serve every place of the image. */
const shared: ReadonlySet<string> = new Set(["conv2d", "batchNorm"]);

/**
 * How many connections a network has: every place where a weight meets a number, and every bias of a unit, also where
 * several of them are one knob. What meets the padding counts too, as LeCun counted.
 */
export function connections(net: Layer): number {
  let total = 0;
  through(net, (layer, places) => {
    for (const x of Object.values(layer.parameters)) if (isTrained(x)) total += x.size * places;
  });
  return total;
}

/** A convolution's kernels, and what they would be without sharing: one for each place. */
export interface Sharing {
  readonly layer: string;
  readonly shared: number;
  readonly unshared: number;
  readonly places: number;
  /** shared / unshared: 1 / places. */
  readonly ratio: number;
}

export function sharing(net: Layer): Sharing[] {
  const found: Sharing[] = [];
  through(net, ({ kind, name, parameters }, places) => {
    if (kind !== "conv2d") return;
    const { size } = parameters.weight;
    found.push({ layer: name, shared: size, unshared: size * places, places, ratio: 1 / places });
  });
  return found;
}

/** Walks the layers in the order in which an image passes them, with the number of places that each one's knobs serve. */
function through(net: Layer, visit: (layer: Layer, places: number) => void): void {
  // Only described, never computed: its shape is what is asked for.
  let x: Tensor = zeros([1, side, side, 1]);
  for (const layer of Object.values(net.children)) {
    x = layer(x);
    visit(layer, shared.has(layer.kind) ? sizeOf(x.shape.slice(1, -1)) : 1);
  }
}

const isTrained = (x: Tensor) => weightOf(x)?.trainable ?? false;
