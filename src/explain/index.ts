export { type EnsembleSpread, ensembleSpread } from "./ensemble.ts";
export { type ExplainOptions, type Explanation, explain } from "./explain.ts";
export type { EnsembleSamples, Explainable, ExplainProgress, RateSamples } from "./explainable.ts";
export { type ExcludedLayer, type HiddenLayer, hiddenLayers } from "./hidden-layers.ts";
export {
  type Importance,
  importanceOf,
  type KnobCurve,
  type KnobImportance,
  type LayerImportance,
} from "./importance.ts";
export { type LawEquation, type LawOptions, type LawTerm, type ReadableLaw, readableLaw } from "./readable-law.ts";
export { type SingularValues, singularValues } from "./singular-values.ts";
export { knee, type SparseFit, sparsePath } from "./sparse-regression.ts";
export { type Direction, type Spectrum, type SpectrumOptions, spectrumOf } from "./spectrum.ts";
export { type SymmetricEigen, symmetricEigen } from "./symmetric-eigen.ts";
export { type EquivalentOptions, equivalent, type Symmetry, symmetryOf, type UnitMove } from "./symmetry.ts";
export { type HiddenImportance, type UnitImportance, unitsOf } from "./units.ts";
