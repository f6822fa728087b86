import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { inspectBackends } from "pondus";
import { type Ready, serve } from "../protocol/serve.ts";
import { burgers } from "./burgers.ts";
import { cnn } from "./cnn.ts";
import { conv } from "./conv.ts";
import { CaseData } from "./data.ts";
import { deep } from "./deep.ts";
import { diffeq } from "./diffeq.ts";
import { elementwise } from "./elementwise.ts";
import { gemm } from "./gemm.ts";
import { inference } from "./inference.ts";
import { jacobian } from "./jacobian.ts";
import { lstm } from "./lstm.ts";
import { proteins } from "./proteins.ts";
import { tied } from "./tied.ts";
import { yeast } from "./yeast.ts";

type Prepare = (data: CaseData, sizes: Readonly<Record<string, unknown>>) => Promise<Ready>;

const cases: Readonly<Record<string, Prepare>> = {
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
  tied,
};

const { PONDUS_BACKEND, PONDUS_THREADS } = process.env;
const why = inspectBackends().find(({ name }) => name === PONDUS_BACKEND)?.unavailable;
if (why !== undefined) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

await serve(
  {
    name: process.argv[2],
    version: createRequire(import.meta.url)("pondus/package.json").version,
    threads: Number(PONDUS_THREADS) || availableParallelism(),
    cases: Object.keys(cases),
  },
  async (name, sizes, file) => {
    const prepare = cases[name];
    if (!prepare) throw new Error(`there is no case ${name} here`);
    return prepare(new CaseData(file), sizes);
  },
);
