import { burgers } from "./burgers.ts";
import type { Case } from "./case.ts";
import { cnn } from "./cnn.ts";
import { compile } from "./compile.ts";
import { conv } from "./conv.ts";
import { deep } from "./deep.ts";
import { diffeq } from "./diffeq.ts";
import { elementwise } from "./elementwise.ts";
import { gemm } from "./gemm.ts";
import { inference } from "./inference.ts";
import { jacobian } from "./jacobian.ts";
import { lstm } from "./lstm.ts";
import { proteins } from "./proteins.ts";
import { scale } from "./scale.ts";
import { tied } from "./tied.ts";
import { yeast } from "./yeast.ts";

export type { Case, Data, Variant, Work } from "./case.ts";
export const cases: readonly Case[] = [
  gemm,
  elementwise,
  proteins,
  deep,
  burgers,
  jacobian,
  yeast,
  diffeq,
  conv,
  cnn,
  lstm,
  inference,
  compile,
  scale,
  tied,
];
