export { type Counts, count, type WeighedLayer, type WeighedTensor } from "./counts.ts";
export { type CeilingOptions, type Ceilings, ceilings } from "./measured/ceilings.ts";
export { predictSeconds, type Work } from "./measured/roofline.ts";
export { type LanczosOptions, type LanczosResult, lanczos, type RitzValue } from "./spectrum/lanczos.ts";
export { type DensityOptions, type SpectralDensity, spectralDensity } from "./spectrum/spectral-density.ts";
export { type Weighing, type WeighOptions, weigh } from "./weigh.ts";
