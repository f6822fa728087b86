import { setFlagsFromString } from "node:v8";
import { features } from "../../src/backends/wasm/module/features.ts";

/** Gives the engine relaxed SIMD, which Node 20 has behind a flag; false where there is none. */
export function enableRelaxedSimd(): boolean {
  if (!features().relaxed) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return features().relaxed;
}
