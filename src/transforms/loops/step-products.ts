import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { bytesIn } from "../../graph/shape.ts";

/** Sums over the steps of a loop that are one product when the loop is done, of what its steps stacked. */
export interface StepProducts {
  /** What the steps must stack. */
  readonly factors: readonly Node[];
  /** The sum over all steps, from the stacks of the factors. */
  total(stackOf: (factor: Node) => Node): Node;
}

/** One product of two factors, and how it is moved afterwards, the last move first. */
interface Term {
  readonly product: Node<"contract">;
  readonly moves: readonly Node[];
}

/**
 * What a step adds to a sum, as products: the gradient of a weight is one of what came into its layer and what came back,
 * and the sum over steps is the same product of all that came, as over a larger batch. That is one large product in place
 * of many small ones, each of which reads and writes the whole sum. Undefined where the sum has other terms, where a factor
 * is the same at all steps, or where stacking would move more bytes than adding does.
 *
 * @param added    what a step adds
 * @param varying  whether a value differs from step to step
 * @param stacked  whether it is stacked anyway
 */
export function stepProducts(
  added: Node,
  varying: (node: Node) => boolean,
  stacked: (node: Node) => boolean,
): StepProducts | undefined {
  const terms = termsOf(added);
  if (!terms) return undefined;
  const factors = [...new Set(terms.flatMap((t) => t.product.inputs))];
  if (!factors.every(varying)) return undefined;
  const more = factors.filter((f) => !stacked(f)).reduce((sum, f) => sum + bytesIn(f), 0);
  if (more > 2 * terms.length * bytesIn(added)) return undefined;
  return {
    factors,
    total: (stackOf) => terms.map((t) => overSteps(t, stackOf)).reduce((sum, x) => make("add", [sum, x], {})),
  };
}

/** A sum of moved products as its terms. */
function termsOf(sum: Node): Term[] | undefined {
  const terms: Term[] = [];
  const open: { node: Node; moves: readonly Node[] }[] = [{ node: sum, moves: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, moves } = next;
    if (node.is("contract")) terms.push({ product: node, moves });
    else if (node.is("permute") || node.is("reshape")) open.push({ node: node.inputs[0], moves: [...moves, node] });
    else if (node.is("add")) open.push(...node.inputs.map((x) => ({ node: x, moves })));
    else return undefined;
  }
  return terms;
}

function overSteps({ product, moves }: Term, stackOf: (factor: Node) => Node): Node {
  const { a, b, out } = product.attrs;
  const step = 1 + Math.max(...a, ...b);
  const whole = make("contract", product.inputs.map(stackOf), { a: [step, ...a], b: [step, ...b], out });
  return moves.reduceRight((x, move) => make(move.op, [x], move.attrs), whole);
}
