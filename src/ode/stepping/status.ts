import type { DType } from "../../graph/dtype.ts";
import type { Stepper } from "../methods/stepper.ts";

/** How a solution stands, as the whole numbers that a program returns. */
export const status = {
  running: 0,
  done: 1,
  event: 2,
  tooMany: 3,
  stuck: 4,
  notFinite: 5,
  unsorted: 6,
  noEvent: 7,
} as const;

/** What advice depends on, as a number to add to a status: whether the method is for stiff equations, and the type. */
export const setting = ({ implicit }: Pick<Stepper, "implicit">, dtype: DType): number =>
  (implicit ? 10 : 0) + (dtype === "float32" ? 20 : 0);

/** A status without the setting, and the setting. */
export function settingOf(code: number): { status: number; implicit: boolean; float32: boolean } {
  return { status: code % 10, implicit: Math.floor(code / 10) % 2 === 1, float32: code >= 20 };
}
