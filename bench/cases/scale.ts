import { type Goal, level } from "../goals.ts";
import type { Case, Variant } from "./case.ts";
import { deepData, deepWidths } from "./deep.ts";
import { stepFlops } from "./tensors.ts";

const participants = ["pondus-native-1", "pondus-native"];
const batches = [32, 128, 512, 1024, 4096];
const widths = [64, 128, 256, 512, 1024, 2048];

const flops = (batch: number, width: number) => stepFlops(batch, deepWidths(width));
const nameOf = (batch: number, width: number) => `batch ${batch}, width ${width}`;

/** No cliff: a larger batch costs no more per sample, a wider net no more per operation. */
export const scale: Case = {
  name: "scale",
  title: "training step of the deep net at other batches and widths",
  program: "deep",
  participants,
  variants: [
    ...batches.map((batch) => variant(batch, 512)),
    ...widths.filter((width) => width !== 512).map((width) => variant(128, width)),
  ],
  data: deepData,
};

function variant(batch: number, width: number): Variant {
  const goals: Goal[] = [];
  const smaller = batches[batches.indexOf(batch) - 1];
  if (width === 512 && smaller) goals.push(...noCliff(nameOf(smaller, 512), batch, smaller, "sample"));
  const narrower = widths[widths.indexOf(width) - 1];
  if (batch === 128 && narrower) {
    goals.push(...noCliff(nameOf(128, narrower), flops(128, width), flops(128, narrower), "operation"));
  }
  return {
    name: nameOf(batch, width),
    sizes: { batch, width },
    work: { amount: flops(batch, width), unit: "flop", ceiling: "fma-f32" },
    goals,
  };
}

function noCliff(beside: string, units: number, besideUnits: number, per: string): Goal[] {
  return participants.map((of) => level(of, 1.3, units, { variant: beside, units: besideUnits }, per));
}
