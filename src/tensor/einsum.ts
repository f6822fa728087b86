import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import type { Node, OpAttrs } from "../graph/node.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape } from "../graph/shape.ts";
import { reshapeNode } from "./operands.ts";

/**
 * Sum of products over labelled axes, of two operands. Labels that only one operand carries and the result does not are
 * summed away first, so that the contraction proper has batch, free and contracted labels only.
 */
export function contract(x: Node, y: Node, labels: OpAttrs["contract"]): Node {
  const [a, b] = [reduceOwn(x, labels.a, [labels.b, labels.out]), reduceOwn(y, labels.b, [labels.a, labels.out])];
  return make("contract", [a.node, b.node], canonical({ a: a.labels, b: b.labels, out: labels.out }));
}

function reduceOwn(node: Node, labels: readonly number[], others: (readonly number[])[]) {
  const axes = labels.flatMap((label, axis) => (others.some((o) => o.includes(label)) ? [] : [axis]));
  if (axes.length === 0) return { node, labels };
  return { node: make("sum", [node], { axes }), labels: labels.filter((_, axis) => !axes.includes(axis)) };
}

/** Labels renamed in order of first appearance, so that equal contractions are equal nodes. */
function canonical({ a, b, out }: OpAttrs["contract"]): OpAttrs["contract"] {
  const names = new Map<number, number>();
  const rename = (label: number) => {
    if (!names.has(label)) names.set(label, names.size);
    return names.get(label) as number;
  };
  return { a: a.map(rename), b: b.map(rename), out: out.map(rename) };
}

/** `contract` as NumPy's einsum writes it, for any number of operands, taken in pairs from the left. */
export function einsumNode(spec: string, operands: readonly Node[]): Node {
  const fail = (why: string) =>
    new PondusError(
      "einsum.spec",
      `einsum("${spec}"): ${why}; operands are ${operands.map((x) => formatShape(x.shape) + describeOrigin(x.origin)).join(" and ")}.`,
    );
  const match = /^([a-zA-Z,.]*)(?:->([a-zA-Z.]*))?$/.exec(spec.replace(/\s/g, ""));
  if (!match || operands.length === 0) throw fail('expected something like "ij,jk->ik" and its operands');
  const written = match[1].split(",");
  if (written.length !== operands.length) throw fail(`${written.length} terms for ${operands.length} operands`);
  const terms = written.map((term, k) => lettersOf(term, operands[k].shape.length, fail));
  const size = new Map<string, number>();
  terms.forEach((term, k) => {
    const { shape } = operands[k];
    if (term.length !== shape.length) throw fail(`"${written[k]}" names ${term.length} axes of ${formatShape(shape)}`);
    term.forEach((letter, i) => {
      const n = size.get(letter) ?? 1;
      const twice = term.indexOf(letter) < i && shape[term.indexOf(letter)] !== shape[i];
      if (twice || (n !== 1 && shape[i] !== 1 && n !== shape[i])) {
        throw fail(`"${nameOf(letter)}" is both ${twice ? shape[term.indexOf(letter)] : n} and ${shape[i]}`);
      }
      size.set(letter, n === 1 ? shape[i] : n);
    });
  });
  const all = terms.flat();
  const once = (letter: string) => all.filter((l) => l === letter).length === 1;
  const dots = [...new Set(all.filter(isDot))].sort().reverse();
  const rest = () => [...new Set(all)].filter((letter) => !isDot(letter) && once(letter)).sort();
  const out =
    match[2] === undefined
      ? [...dots, ...rest()]
      : lettersOf(match[2], match[2].replace("...", "").length + dots.length, fail);
  const lost = dots.find((letter) => !out.includes(letter));
  if (lost) throw fail("the axes of ... are missing from the result; write ... there too");
  const unknown = out.find((letter) => !size.has(letter));
  if (unknown) throw fail(`"${nameOf(unknown)}" of the result is in no operand`);
  if (new Set(out).size !== out.length) throw fail("the result repeats a letter");

  const [first, ...others] = terms.map((term, k) => narrowed(diagonal(operands[k], term), size));
  const code = (letter: string) => letter.charCodeAt(0);
  let sofar = first;
  others.forEach((next, k) => {
    const later = new Set([...out, ...others.slice(k + 1).flatMap((o) => o.letters)]);
    const kept = [...new Set([...sofar.letters, ...next.letters])].filter((letter) => later.has(letter));
    const letters = k === others.length - 1 ? out : kept;
    const [a, b] = [sofar.letters.map(code), next.letters.map(code)];
    sofar = { node: contract(sofar.node, next.node, { a, b, out: letters.map(code) }), letters };
  });
  const reduced = reduceOwn(sofar.node, sofar.letters.map(code), [out.map(code)]);
  const order = out.map((letter) => reduced.labels.indexOf(code(letter)));
  return order.every((axis, i) => axis === i) ? reduced.node : make("permute", [reduced.node], { order });
}

/** Letters that no spec can hold stand for the axes of an ellipsis, numbered from the right. */
const firstDot = 0x100;
const isDot = (letter: string) => letter.charCodeAt(0) >= firstDot;
const nameOf = (letter: string) => (isDot(letter) ? `axis ${firstDot - 1 - letter.charCodeAt(0)} of ...` : letter);

/** The letters of one term for so many axes. */
function lettersOf(term: string, rank: number, fail: (why: string) => PondusError): string[] {
  const parts = term.split("...");
  if (parts.length > 2 || parts.some((part) => part.includes(".")))
    throw fail(`"${term}" has other dots than one "..."; expected something like "ij,jk->ik" or "...ij,jk"`);
  if (parts.length === 1) return [...term];
  const hidden = rank - parts[0].length - parts[1].length;
  if (hidden < 0) throw fail(`"${term}" names more than the ${rank} axes there are`);
  const dots = Array.from({ length: hidden }, (_, i) => String.fromCharCode(firstDot + hidden - 1 - i));
  return [...parts[0], ...dots, ...parts[1]];
}

/** Without the axes of size 1 that stand beside longer ones of that letter: what does not carry a letter broadcasts along it. */
function narrowed({ node, letters }: Labelled, size: ReadonlyMap<string, number>): Labelled {
  const kept = letters.filter((letter, i) => node.shape[i] === size.get(letter));
  const shape = node.shape.filter((n, i) => n === size.get(letters[i]));
  return { node: reshapeNode(node, shape), letters: kept };
}

interface Labelled {
  readonly node: Node;
  readonly letters: string[];
}

/** Takes the diagonal wherever one operand repeats a letter: everything off it is masked out and summed away. */
function diagonal(node: Node, term: string[]): Labelled {
  let letters = term;
  let x = node;
  for (;;) {
    const j = letters.findIndex((letter, i) => letters.indexOf(letter) !== i);
    if (j < 0) return { node: x, letters };
    const i = letters.indexOf(letters[j]);
    const along = (axis: number) => {
      const shape = x.shape.map((n, k) => (k === axis ? n : 1));
      const row = make("reshape", [make("iota", [], { length: x.shape[axis] })], { shape });
      return make("expand", [row], { shape: x.shape });
    };
    const zero = make("constant", [], { value: 0, dtype: x.dtype });
    const ones = x.shape.map(() => 1);
    const zeros = make("expand", [make("reshape", [zero], { shape: ones })], { shape: x.shape });
    const masked = make("where", [make("eq", [along(i), along(j)], {}), x, zeros], {});
    x = make("sum", [masked], { axes: [j] });
    letters = letters.filter((_, k) => k !== j);
  }
}
