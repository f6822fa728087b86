export { type Column, numbers, parseCsv, type Row, readCsv, type Table } from "./csv.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type StoredTensor,
  type TensorFile,
  writeSafetensors,
} from "./safetensors.ts";
export { type Arriving, bytesOf, type Present, type Read, type Source } from "./source.ts";
