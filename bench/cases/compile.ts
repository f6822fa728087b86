import { within } from "../goals.ts";
import { burgers } from "./burgers.ts";
import type { Case } from "./case.ts";
import { proteins } from "./proteins.ts";

const goals = [within("pondus-native cold", 1), within("pondus-native warm", 0.05), within("pondus-wasm", 0.1)];

export const compile: Case = {
  name: "compile",
  title: "from the function to its first result, in a fresh process",
  timed: "first result",
  variants: [proteins, burgers].map(({ name }) => ({ name, sizes: { program: name }, goals })),
  data: ({ program }) => (program === "proteins" ? proteins : burgers).data({}),
};
