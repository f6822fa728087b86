import { Node, type OpAttrs, type OpName } from "./node.ts";
import { originHere } from "./origin.ts";
import { typeRules } from "./types.ts";

let nextIdentity = 0;

/** A number that nothing else has, larger than all before: what tells formals and leaves of one's own apart. */
export function newIdentity(): number {
  return nextIdentity++;
}

/** What is being written down by each of the functions that `recording` is calling, the innermost last. */
const recordings: Set<Node>[] = [];

/**
 * Calls `write`, and finds the nodes that it wrote, whether or not there were equal ones before: what a function writes
 * depends on its text alone, and which nodes are new on all that the process has done.
 */
export function recording<T>(write: () => T): { readonly result: T; readonly written: ReadonlySet<Node> } {
  const written = new Set<Node>();
  recordings.push(written);
  try {
    return { result: write(), written };
  } finally {
    recordings.pop();
    const outer = recordings.at(-1);
    if (outer) for (const node of written) outer.add(node);
  }
}

function recorded(node: Node): Node {
  recordings.at(-1)?.add(node);
  return node;
}

const known = new Map<string, WeakRef<Node>>();
/** The table of nodes is swept when it has grown to this size: a callback for each collected node would cost more than making it. */
let sweepAt = 4096;

function remember(key: string, node: Node): void {
  known.set(key, new WeakRef<Node>(node));
  if (known.size < sweepAt) return;
  for (const [k, ref] of known) if (!ref.deref()) known.delete(k);
  sweepAt = Math.max(4096, 2 * known.size);
}

/** Identities of things that attributes mention but that are not plain values. */
const identities = new WeakMap<object, number>();

function identityOf(thing: object): number {
  let id = identities.get(thing);
  if (id === undefined) {
    id = newIdentity();
    identities.set(thing, id);
  }
  return id;
}

function attributeKey(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : `${value}`;
  if (typeof value === "string") return value;
  if (value instanceof Node) return `n${value.id}`;
  if (Array.isArray(value)) {
    let key = "[";
    for (let i = 0; i < value.length; i++) key += `${attributeKey(value[i])},`;
    return `${key}]`;
  }
  if (typeof value === "object" && value !== null) return `#${identityOf(value)}`;
  return String(value);
}

/**
 * The node for `op(inputs, attrs)`: an existing one when there is one, else new. Its type follows from the op's rule.
 * Throws `dtype.*` and `shape.*` errors that name the operands' places in the user's file.
 */
export function make<K extends OpName>(op: K, inputs: readonly Node[], attrs: OpAttrs[K]): Node<K> {
  let key: string = op;
  for (let i = 0; i < inputs.length; i++) key += `:${inputs[i].id}`;
  for (const name in attrs) key += `;${attributeKey(attrs[name])}`;
  const found = known.get(key)?.deref();
  if (found) return recorded(found) as Node<K>;
  const { shape, dtype } = typeRules[op](inputs, attrs);
  const node = new Node<K>(op, inputs, attrs, shape, dtype, originHere());
  remember(key, node);
  return recorded(node as Node) as Node<K>;
}
