export { type CeilingOptions, type Ceilings, ceilings } from "./ceilings.ts";
export { type Counts, count, type WeighedLayer, type WeighedTensor } from "./counts.ts";
export { predictSeconds, type Work } from "./roofline.ts";
export { type Weighing, type WeighOptions, weigh } from "./weigh.ts";
