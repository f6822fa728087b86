import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { formatShape } from "../graph/shape.ts";
import { isLayer } from "../nn/layer.ts";
import { parametersOf } from "../nn/model.ts";
import { compile } from "../runtime/compile.ts";
import { tensor } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type EnsembleSpread, ensembleSpread } from "./ensemble.ts";
import type { Explainable, ExplainProgress } from "./explainable.ts";
import { type Importance, importanceOf } from "./importance.ts";
import { type LawOptions, type ReadableLaw, readableLaw } from "./readable-law.ts";
import { rms, type Spectrum, type SpectrumOptions, spectrumOf } from "./spectrum.ts";
import { type Symmetry, symmetryOf } from "./symmetry.ts";
import { type HiddenImportance, type UnitImportance, unitsOf } from "./units.ts";

export interface ExplainOptions extends Pick<SpectrumOptions, "noise" | "prior"> {
  /** Of the copy that shows the symmetries (default 0). */
  readonly seed?: number;
  readonly law?: LawOptions;
  /** Inputs to look at, at most (default 200). */
  readonly samples?: number;
  readonly backend?: BackendName | "auto";
  readonly onProgress?: (progress: ExplainProgress) => void;
}

export interface Explanation {
  readonly symmetry: Symmetry;
  /** See `Spectrum`: eigenvalues, descending. */
  readonly spectrum: readonly number[];
  readonly decades: number;
  readonly effectiveKnobs: number;
  readonly identifiability: Omit<Spectrum, "values" | "decades" | "effectiveKnobs"> & {
    /**
     * Whether the spectrum is that of the residuals, or of the outputs on the inputs (evenly taken ones, where they are too
     * many), with noise a hundredth of their size.
     */
    readonly of: "residuals" | "outputs";
  };
  readonly knobs: Importance & {
    readonly units: readonly UnitImportance[];
    readonly hidden: readonly HiddenImportance[];
    /** How many inputs were looked at. */
    readonly samples: number;
  };
  readonly law?: ReadableLaw;
  readonly ensemble?: EnsembleSpread;
}

/**
 * What can be known of a trained network: which other weights are the same function, which directions of its knobs the data
 * determine, what each knob, unit and layer does, and, where it learned a rate, which law that is. Nothing is changed.
 *
 * @throws `explain.network` for what is no layer with inputs
 */
export async function explain(what: Explainable, options: ExplainOptions = {}): Promise<Explanation> {
  const { network, rates, ensemble, residuals } = what;
  const { seed, backend, onProgress, noise, prior, law } = options;
  if (!isLayer(network) || !(what.inputs instanceof Tensor)) {
    throw new PondusError(
      "explain.network",
      "explain: a network, such as nn.sequential(...), and inputs for it are needed.",
    );
  }
  if (what.inputs.rank === 0) {
    throw new PondusError(
      "explain.network",
      `explain: inputs have samples along their first axis, but ${formatShape(what.inputs.shape)} came.`,
    );
  }
  const single = network(some(what.inputs, 1));
  const most = Math.max(2, Math.floor(mostOutputs / Math.max(single.size, 1)));
  const inputs = some(what.inputs, Math.min(options.samples ?? 200, most));
  const common = { backend, onProgress };
  const outputs = network(inputs);
  const symmetry = await symmetryOf(network, inputs, { seed, backend });
  const spectrum = await spectrumOf(residuals ?? few(outputs, parametersOf(network)), {
    ...common,
    prior,
    noise: noise ?? (residuals ? undefined : (await sizeOf(outputs, backend)) / 100),
  });
  const { values, decades, effectiveKnobs, ...identifiability } = spectrum;
  const importance = await importanceOf(network, inputs, common);
  const { units, layers: hidden } = await unitsOf(network, inputs, common);
  return {
    symmetry,
    spectrum: values,
    decades,
    effectiveKnobs,
    identifiability: { of: residuals ? "residuals" : "outputs", ...identifiability },
    knobs: { ...importance, units, hidden, samples: inputs.shape[0] },
    ...(rates && { law: readableLaw(rates, law) }),
    ...(ensemble && { ensemble: ensembleSpread(ensemble) }),
  };
}

/** Numbers that a look at the network is made of at most: what goes into them is run thousands of times. */
const mostOutputs = 20_000;

/** Outputs of so many that their Jacobian can be held, and its eigenvalues be had all. */
function few(outputs: Tensor, parameters: Readonly<Record<string, { size: number }>>): Tensor {
  const knobs = Object.values(parameters).reduce((n, { size }) => n + size, 0);
  const most = knobs <= 1000 ? outputs.size : Math.max(10, Math.min(1000, Math.floor(1e7 / knobs)));
  return some(outputs.flatten(), most);
}

/** Rows evenly taken, where there are more than so many. */
function some(inputs: Tensor, most: number): Tensor {
  const [count] = inputs.shape;
  if (count <= most) return inputs;
  const rows = Int32Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / Math.max(most - 1, 1)));
  return inputs.gather(tensor(rows));
}

async function sizeOf(outputs: Tensor, backend?: BackendName | "auto"): Promise<number> {
  return rms((await compile(() => ({ outputs }), {}, { backend }).run()).outputs.data) || 1;
}
