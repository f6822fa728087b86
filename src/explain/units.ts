import type { BackendName } from "../backends/backend.ts";
import type { Layer } from "../nn/layer.ts";
import { compile } from "../runtime/compile.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ExplainProgress } from "./explainable.ts";
import { hasKnobs, isElementwise, type Place, placesOf } from "./hidden-layers.ts";
import { distance } from "./importance.ts";
import { progressOf } from "./jacobian-lines.ts";

/** What is lost when units are silenced: root mean squares of the change of the outputs. */
export interface UnitImportance {
  /** The layer that makes it, and its place there: the last axis, so that a channel is one unit. */
  readonly layer: string;
  readonly unit: number;
  /** The unit says 0. */
  readonly zeroed: number;
  /** The unit says the mean of what it says on the inputs. */
  readonly averaged: number;
}

export interface HiddenImportance {
  readonly layer: string;
  readonly units: number;
  /** All units of the layer say their means at once. */
  readonly averaged: number;
}

/** The most units of one layer that are looked at. */
const most = 512;

/**
 * What every hidden unit of a sequence of layers, and every hidden layer, is worth: the outputs are computed again from what
 * the units say, with some of it replaced.
 */
export async function unitsOf(
  network: Layer,
  inputs: Tensor,
  { backend, onProgress }: { backend?: BackendName | "auto"; onProgress?: (progress: ExplainProgress) => void } = {},
): Promise<{ units: UnitImportance[]; layers: HiddenImportance[] }> {
  const places = placesOf(network);
  const units: UnitImportance[] = [];
  const layers: HiddenImportance[] = [];
  for (const { path, after } of cuts(places)) {
    const h = through(places.slice(0, after), inputs);
    const said = (await compile(() => ({ h }), {}, { backend }).run()).h.data;
    const program = compile(
      ({ at }) => ({ y: through(places.slice(after), at) }),
      { at: { shape: h.shape, dtype: h.dtype } },
      { backend },
    );
    const outputs = async (values: ArrayLike<number>) => (await program.run({ at: values as Float64Array })).y.data;
    const count = h.shape.at(-1) ?? 1;
    const means = meansOf(said, count);
    const whole = await outputs(said);
    const replaced = (unit: number, value: number) => said.map((x, i) => (i % count === unit ? value : x));
    const tell = progressOf(`units of ${path || "the network"}`, Math.min(count, most), onProgress);
    for (let unit = 0; unit < Math.min(count, most); unit++) {
      await tell(unit);
      units.push({
        layer: path,
        unit,
        zeroed: distance(await outputs(replaced(unit, 0)), whole),
        averaged: distance(await outputs(replaced(unit, means[unit])), whole),
      });
    }
    const all = await outputs(said.map((_, i) => means[i % count]));
    layers.push({ layer: path, units: count, averaged: distance(all, whole) });
  }
  return { units: units.sort((a, b) => b.averaged - a.averaged), layers };
}

/** Where hidden units can be seen: behind each layer with knobs and what bends it, except at the end. */
function cuts(places: readonly Place[]): { path: string; after: number }[] {
  const last = places.findLastIndex(hasKnobs);
  return places.slice(0, Math.max(last, 0)).flatMap((place, i) => {
    if (!hasKnobs(place)) return [];
    const next = places.findIndex((p, at) => at > i && !isElementwise(p));
    return [{ path: place.path, after: next }];
  });
}

const through = (places: readonly Place[], x: Tensor) => places.reduce((y, { layer }) => layer(y), x);

function meansOf(values: ArrayLike<number>, count: number): Float64Array {
  const sums = new Float64Array(count);
  for (let i = 0; i < values.length; i++) sums[i % count] += values[i];
  return sums.map((sum) => (sum * count) / values.length);
}
