import { weigh } from "../ledger/weigh.ts";
import { systems } from "../systems/index.ts";
import { colorsFor, print, printJson } from "./streams.ts";
import { formatTable } from "./table.ts";

/** `pondus systems`: what is here. */
export function listSystems({ json }: { json?: boolean }): void {
  const rows = systems.map((system) => {
    const { name, title, summary, data } = system;
    return { name, title, summary, parameters: weigh(system.model(data)).parameters.total };
  });
  if (json) {
    printJson(rows);
    return;
  }
  const { bold, dim } = colorsFor(process.stdout);
  print(formatTable(rows.map((r) => [bold(r.name), r.summary, dim(`${r.parameters.toLocaleString("en-US")} knobs`)])));
  print(
    `\n  ${dim("pondus train <system>, pondus weigh <system>; or a file of your own: pondus train ./my-system.ts")}`,
  );
}
