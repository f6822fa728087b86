import type { ProgramMemory } from "../memory.ts";
import type { Weighing } from "../weigh.ts";
import type { Ceilings } from "./ceilings.ts";
import { predictSeconds } from "./roofline.ts";

/** Seconds for one run each, on this machine. */
export interface Times {
  readonly inference?: number;
  readonly training?: number;
}

/** How long running and training should take, from what their kernels do and what the machine reaches. */
export function predictTimes({ inference, training }: Weighing, reached: Ceilings): Times {
  const seconds = ({ timeline, peakBytes }: ProgramMemory) => predictSeconds(timeline, peakBytes, reached);
  return {
    ...(inference && { inference: seconds(inference) }),
    ...(training && { training: seconds(training) }),
  };
}
