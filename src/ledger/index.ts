export { type WeighedLayer, type WeighedTensor, type Weighing, weigh } from "./weigh.ts";
