import type { Node } from "../../graph/node.ts";

/**
 * A set of nodes that one kernel computes over one iteration space (or one loop or branch). Members see each other's
 * values in registers; only those that are read outside are stored.
 */
export interface Group {
  /** The reduction, contraction or scatter at its core, if it has one; the other members are its epilogue. */
  readonly anchor: Node | undefined;
  readonly control: Node | undefined;
  readonly members: Node[];
  /** Sizes of the iteration space; axes of size 1 are left out. */
  readonly space: readonly number[];
  readonly needs: Set<Group>;
  readonly stored: Set<Node>;
  /** Leaves that it reads. */
  readonly reads: Set<Node>;
  /** Values of other groups that it reads; of loops and branches, the node itself. */
  readonly uses: Set<Node>;
}
