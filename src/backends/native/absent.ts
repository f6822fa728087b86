import type { Backend } from "../backend.ts";

/** What stands for the native backend where no compiler can be called and no library loaded. */
export const native: Backend = {
  name: "native",
  unavailable: () => "a browser calls no compiler and loads no machine code",
  machine: () => undefined,
  load: () => Promise.reject(new Error("the native backend is absent here")),
};
