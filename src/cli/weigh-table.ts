import { formatBytes, formatSize, formatWhole } from "../graph/bytes.ts";
import type { Counts } from "../ledger/counts.ts";
import type { Flops } from "../ledger/flops.ts";
import { type Held, type ProgramMemory, type Role, roles } from "../ledger/memory.ts";
import type { TrainingPrice } from "../ledger/price.ts";
import type { Traffic } from "../ledger/traffic.ts";
import type { HessianPrice, Weighing } from "../ledger/weigh.ts";
import { duration } from "./duration.ts";
import type { colorsFor } from "./streams.ts";
import { formatTable } from "./table.ts";
import type { TakenByProgram } from "./weigh-measured.ts";

type Colors = ReturnType<typeof colorsFor>;

/** All that `weigh` found, for reading. */
export function formatWeighing(name: string, weighing: Weighing, predicted: TakenByProgram, colors: Colors): string {
  const { batch, backend, inference, training, flops, traffic, hessian } = weighing;
  const { bold } = colors;
  const sections = [`  ${bold(name)}\n${formatCounts(weighing, colors)}`];
  const where = `${batch === 1 ? "one sample" : `a batch of ${formatWhole(batch)}`}, on ${backend}`;
  if (inference) sections.push(formatMemory(`Inference, ${where}`, inference, colors));
  if (training) {
    sections.push(formatMemory(`Training, ${where}`, training, colors), formatKept(training, colors));
  }
  if (flops) sections.push(formatWork(flops, traffic, predicted, colors));
  sections.push(formatHessian(hessian, colors));
  return sections.join("\n\n");
}

function formatCounts({ layers, parameters }: Counts, { bold, dim }: Colors): string {
  const rows = layers.map((l) => {
    const shared = l.tensors.flatMap((t) => (t.sharedWith ? [`${t.name} = ${t.sharedWith}`] : []));
    return [l.path, l.name, l.formula, formatWhole(l.parameters), dim(shared.join(", "))];
  });
  const frozen = parameters.frozen > 0 ? dim(`${formatWhole(parameters.frozen)} of them frozen`) : "";
  return formatTable([...rows, ["", bold("total"), "", bold(formatWhole(parameters.total)), frozen]], [3]);
}

const widest = 28;

/** Eighths of a block, so that small things show too. */
function bar(share: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * widest * 8)) : 0;
  return "█".repeat(eighths >> 3) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths & 7];
}

const names: { readonly [R in Role]: string } = {
  parameters: "parameters",
  optimizer: "optimizer's state",
  gradients: "gradients",
  inputs: "batch",
  activations: "activations",
  workspace: "workspace",
};

function formatMemory(title: string, { peakBytes, peak, timeline }: ProgramMemory, colors: Colors): string {
  const { bold, dim } = colors;
  const terms = roles.map((role) => [names[role], peak.terms[role]] as const);
  const rows = [...terms, ["between them", peak.terms.gaps] as const]
    .filter(([, bytes]) => bytes > 0)
    .map(([what, bytes]) => [what, formatSize(bytes), bar(bytes / peakBytes)]);
  const moment = timeline[peak.step];
  const when = moment ? `at ${moment.phase}${moment.layer && ` of layer ${moment.layer}`}` : "";
  const both = peak.largest.map(named).join(" and ");
  return (
    `  ${bold(title)}: ${bold(formatSize(peakBytes))} ${dim(`(most alive ${when}: ${both})`)}\n` +
    formatTable(rows, [1])
  );
}

function named({ layer, what, shape, bytes }: Held): string {
  const size = shape.length > 0 ? ` [${shape.join(",")}]` : "";
  return `${layer && `${layer} `}${what}${size} ${formatSize(bytes)}`;
}

/** Layers beyond so many are summed up. */
const mostLayers = 16;

function formatKept(training: TrainingPrice, { bold, dim }: Colors): string {
  const { activations, activationBytes, blockBytes, gradientBytes } = training;
  const shown = activations.length > mostLayers ? activations.slice(0, mostLayers - 1) : activations;
  const rest = activations.slice(shown.length);
  const rows = shown.map(({ layer, what, shape, bytes }) => [layer, what, `[${shape.join(",")}]`, formatSize(bytes)]);
  if (rest.length > 0) rows.push(["", `${rest.length} more`, "", formatSize(rest.reduce((n, a) => n + a.bytes, 0))]);
  const blocks =
    blockBytes === undefined ? "" : dim(` (taken in blocks, so that ${formatSize(blockBytes)} are kept at once)`);
  const fused = gradientBytes === 0 ? dim("  gradients go into their updates at once, and are never stored") : "";
  return [
    `  ${bold("Kept for the backward pass")}: ${bold(formatSize(activationBytes))}${blocks}`,
    formatTable(rows, [3]),
    fused,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function formatWork(
  flops: Flops,
  traffic: Traffic | undefined,
  { inference, training }: TakenByProgram,
  { bold, dim }: Colors,
): string {
  const { forward, backward, update } = flops;
  const largest = Math.max(forward, backward, update);
  const rows = (["forward", "backward", "update"] as const).map((phase) => [
    phase,
    formatWhole(flops[phase]),
    traffic ? formatSize(traffic[phase]) : "",
    bar(flops[phase] / largest),
  ]);
  const title = `${bold("Operations of a step")}: ${bold(formatWhole(forward + backward + update))}`;
  const times = [
    ...(training ? [`a step of training in about ${duration(training.seconds)}`] : []),
    ...(inference ? [`a run of the model in ${duration(inference.seconds)}`] : []),
  ];
  const expected = times.length > 0 ? `\n  ${dim(`here ${times.join(", ")}`)}` : "";
  return `  ${title} ${dim("(beside them, what is read and written)")}\n${formatTable(rows, [1, 2])}${expected}`;
}

function formatHessian(price: HessianPrice, { bold, dim, red, green }: Colors): string {
  const { entries, float64Bytes, float32Bytes, affordable, memoryHere, alternatives } = price;
  const verdict =
    affordable === undefined
      ? ""
      : affordable
        ? green(` affordable here (${formatSize(memoryHere as number)})`)
        : red(` not affordable here (${formatSize(memoryHere as number)})`);
  const rows = [
    ["Hessian, float64", "P^2", formatBytes(float64Bytes)],
    ["Hessian, float32", "P^2", formatBytes(float32Bytes)],
    ...alternatives.map((a) => [a.method, a.formula, formatBytes(a.bytes)]),
  ];
  return `  ${bold("Second order")}: ${formatWhole(entries)} entries,${verdict} ${dim("(the rest in float64, beside the knobs)")}\n${formatTable(rows, [2])}`;
}
