export { type Counts, count, type WeighedLayer, type WeighedTensor } from "./counts.ts";
export { type Weighing, type WeighOptions, weigh } from "./weigh.ts";
