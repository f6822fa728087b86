import { count } from "../ledger/counts.ts";
import { systems } from "../systems/index.ts";
import { colorsFor, print, printJson } from "./streams.ts";
import { formatTable } from "./table.ts";
import { wrapped } from "./wrap.ts";

/** `pondus systems`: what is here. */
export function listSystems({ json }: { json?: boolean }): void {
  const rows = systems.map((system) => {
    const { name, title, summary, data } = system;
    return { name, title, summary, parameters: count(system.model(data)).parameters.total };
  });
  if (json) {
    printJson(rows);
    return;
  }
  const { bold, dim } = colorsFor(process.stdout);
  const room = Math.max(30, Math.min(process.stdout.columns || 100, 100) - 30);
  const table = rows.flatMap((r) => {
    const [first, ...more] = wrapped(r.summary.split(" "), room);
    const knobs = dim(`${r.parameters.toLocaleString("en-US")} knobs`);
    return [[bold(r.name), knobs, first], ...more.map((line) => ["", "", line])];
  });
  print(formatTable(table, [1]));
  print(`\n${dim("  pondus train <system>, pondus weigh <system>; a file of your own: pondus train ./my-system.ts")}`);
}
