export { type CeilingOptions, type Ceilings, ceilings } from "./ceilings.ts";
export { type Counts, count, type WeighedLayer, type WeighedTensor } from "./counts.ts";
export { type LanczosOptions, type LanczosResult, lanczos, type RitzValue } from "./lanczos.ts";
export { predictSeconds, type Work } from "./roofline.ts";
export { type DensityOptions, type SpectralDensity, spectralDensity } from "./spectral-density.ts";
export { type Weighing, type WeighOptions, weigh } from "./weigh.ts";
