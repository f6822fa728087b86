import type { GraphProgram } from "../../../src/graph/program.ts";
import {
  damped,
  dense,
  double,
  fewFeatures,
  gradientOfSum,
  largeProduct,
  loopAndGradient,
  movement,
  product,
  recomputed,
  stepAndMemory,
  threeLayers,
  transposition,
  twoProducts,
  unusedCarry,
} from "./programs.ts";
import type { Part } from "./shorten.ts";

/** What the page shows of one pass: a program, and what is left of it before and after, whole or in parts. */
export interface Example {
  readonly program: () => { readonly graph: GraphProgram };
  /** Names of stages, as PONDUS_DUMP knows them. */
  readonly stages: { readonly [stage: string]: "whole" | readonly Part[] };
  /** Bytes in a vector of the machine for which it is compiled; 32 unless said. */
  readonly vectorBytes?: number;
}

/** In the order of the page. */
export const examples: { readonly [pass: string]: Example } = {
  literals: { program: damped, stages: { graph: "whole", literals: "whole" } },
  mergeLoops: {
    program: loopAndGradient,
    stages: {
      graph: [
        { from: "%3 ", lines: 7 },
        { from: "%12 ", lines: 1 },
        { from: "return %8 %4", lines: 2 },
      ],
      merged: [
        { from: "%3 ", lines: 8 },
        { from: "%11 ", lines: 1 },
      ],
    },
  },
  prune: { program: unusedCarry, stages: { merged: "whole", pruned: "whole" } },
  simplify: { program: gradientOfSum, stages: { pruned: "whole", simplified: "whole" } },
  inBlocks: {
    program: threeLayers,
    stages: {
      simplified: "whole",
      blocks: [
        { from: "%1 ", lines: 1 },
        { from: "scan", lines: 20 },
      ],
    },
  },
  batchLast: { program: fewFeatures, stages: { blocks: "whole", laid: "whole" } },
  fuse: { program: dense, stages: { blocks: "whole", lowered: "whole" } },
  schedule: { program: recomputed, stages: { blocks: "whole", lowered: "whole" } },
  lower: { program: movement, stages: { blocks: "whole", lowered: [{ from: "mul over", lines: 2 }] } },
  assign: { program: stepAndMemory, stages: { lowered: "whole", assigned: "whole" } },
  pack: { program: largeProduct, stages: { assigned: "whole", packed: "whole" } },
  planMemory: {
    program: threeLayers,
    stages: {
      packed: [
        { from: "t6 ", lines: 3 },
        { from: "repeat", lines: 10 },
      ],
      kernels: [{ from: "t6 ", lines: 3 }],
    },
  },
  emit: { program: product, stages: { kernels: "whole", loops: [{ from: "for i0", lines: 14 }] } },
  transposition: {
    program: transposition,
    stages: {
      kernels: [{ from: "neg over", lines: 2 }],
      loops: [
        { from: "v0:", lines: 6 },
        { from: "v8:", lines: 1 },
        { from: "v12:", lines: 2 },
      ],
    },
    vectorBytes: 16,
  },
  routines: {
    program: twoProducts,
    stages: {
      kernels: [{ from: "contract over", lines: 6 }],
      loops: [
        { from: "contract_0(in0", lines: 2 },
        { from: "for i2", lines: 4 },
        { from: "arena[8*i0 + i1 + i8] ", lines: 1 },
        { from: "contract_0(t4", lines: 1 },
      ],
    },
  },
  markParallel: {
    program: double,
    stages: { kernels: [{ from: "mul over", lines: 2 }], loops: [{ from: "mul_0()", lines: 7 }] },
  },
  print: {
    program: double,
    stages: {
      loops: [{ from: "mul_0() in", lines: 6 }],
      c: [{ from: "ROUTINE void", lines: 11 }],
      wat: [{ from: "(func $mul_0", lines: 12 }],
    },
    vectorBytes: 16,
  },
};
