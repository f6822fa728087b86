import { setting } from "#host/environment";
import { encode } from "./encode.ts";
import type { Code } from "./module.ts";

/** What an engine may have beyond the vectors that every program needs. */
export interface Features {
  /** Relaxed SIMD: multiplies and adds in one instruction, rounding once or twice as the processor likes; selects lanes. */
  readonly relaxed: boolean;
}

/** What every engine with vectors has. */
export const plain: Features = { relaxed: false };

/** What this engine has. PONDUS_RELAXED_SIMD=0 does without relaxed SIMD, so that engines give the same bits. */
export function features(): Features {
  return { relaxed: setting("PONDUS_RELAXED_SIMD") !== "0" && validates("f32x4.relaxed_madd") };
}

export function hasVectors(): boolean {
  return typeof WebAssembly === "object" && validates();
}

/** Whether the engine takes a vector, and an instruction of three vectors. */
function validates(opcode?: "f32x4.relaxed_madd"): boolean {
  const vector: Code = ["v128.const", new Uint8Array(16)];
  const body: Code[] = opcode ? [vector, vector, vector, [opcode], ["local.set", 0]] : [vector, ["local.set", 0]];
  const probe = encode({ pages: 0, threaded: false, functions: [{ name: "run", params: [], locals: ["v128"], body }] });
  return WebAssembly.validate(probe);
}
