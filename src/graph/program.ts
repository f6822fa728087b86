import { PondusError } from "./errors.ts";
import type { Node } from "./node.ts";
import { describeOrigin } from "./origin.ts";
import type { Parameter } from "./parameter.ts";
import { formatShape } from "./shape.ts";
import { topological } from "./walk.ts";

/** What is to be computed: a function's graph, with the parameters that it changes. */
export interface GraphProgram {
  readonly inputs: readonly Node<"input">[];
  readonly outputs: readonly { readonly name: string; readonly node: Node }[];
  readonly updates: readonly { readonly parameter: Parameter; readonly node: Node }[];
}

/** Everything that a program computes: outputs first, then new values of parameters. */
export function rootsOf(program: GraphProgram): Node[] {
  return [...program.outputs, ...program.updates].map((o) => o.node);
}

/** The parameters that a program reads or changes. */
export function parametersOf(program: GraphProgram): Set<Parameter> {
  return new Set([...program.updates.map((u) => u.parameter), ...parametersUnder(rootsOf(program))]);
}

/** The parameters that expressions depend on, in the order in which they are computed. */
export function parametersUnder(roots: readonly Node[]): Set<Parameter> {
  return new Set(topological(roots).flatMap((node) => (node.is("parameter") ? [node.attrs.parameter] : [])));
}

/**
 * Refuses a program that needs what stands for one sample, iteration or branch outside of the function that it was given to.
 *
 * @throws `output.escaped`
 */
export function refuseEscaped(program: GraphProgram): void {
  const all = [
    ...program.outputs.map(({ name, node }) => ({ what: `output "${name}"`, node })),
    ...program.updates.map(({ parameter, node }) => ({ what: `the new value of ${parameter.name}`, node })),
  ];
  if (!topological(rootsOf(program)).some((node) => node.is("formal"))) return;
  for (const { what, node } of all) {
    const escaped = topological([node]).find((x) => x.is("formal"));
    if (!escaped) continue;
    throw new PondusError(
      "output.escaped",
      `compile: ${what} depends on ${escaped.dtype} ${formatShape(escaped.shape)}${describeOrigin(escaped.origin)}, which stands for ` +
        "one sample, iteration or branch inside of a function that was given to vmap, scan, whileLoop or cond; return the value from " +
        "that function rather than keep it outside (a layer that keeps statistics of its batches in training does so too).",
    );
  }
}

/**
 * Refuses a program whose parameters were constrained since: it would compute with numbers that no longer change.
 *
 * @throws `parameter.constrained`
 */
export function refuseStale(parameters: Iterable<Parameter>): void {
  for (const parameter of parameters) {
    if (!parameter.stale) continue;
    throw new PondusError(
      "parameter.constrained",
      `${parameter.name} was constrained after this program's expressions were built, so that they hold the weight as it ` +
        "was; constrain a model before you build the loss, or build the loss again.",
    );
  }
}
