/**
 * Rooted trees, by which the order of a Runge-Kutta method is proven (Butcher 1963; Hairer, Norsett & Wanner, Solving
 * Ordinary Differential Equations I, II.2): each is an elementary differential of y' = f(y), a vertex with n children
 * the n-th derivative of f.
 */
export type Tree = readonly Tree[];

/** All rooted trees of 1, 2, ... vertices: `rootedTrees(4)[3]` are the four with four. */
export function rootedTrees(vertices: number): Tree[][] {
  const trees: Tree[][] = [];
  for (let n = 1; n <= vertices; n++) trees.push(forests(n - 1, trees.flat()));
  return trees;
}

/** Unordered collections of trees with so many vertices in all: a tree is taken from where the one before it stood. */
function forests(vertices: number, trees: readonly Tree[]): Tree[] {
  if (vertices === 0) return [[]];
  return trees.flatMap((first, i) => {
    const left = vertices - size(first);
    return left < 0 ? [] : forests(left, trees.slice(i)).map((rest) => [first, ...rest]);
  });
}

export function size(tree: Tree): number {
  return tree.reduce((sum, child) => sum + size(child), 1);
}

/** The product of the sizes of all subtrees: the exact solution has 1 / density as the tree's weight. */
export function density(tree: Tree): number {
  return tree.reduce((product, child) => product * density(child), size(tree));
}

/**
 * What each stage of a method makes of a tree.
 *
 * @param inner  inner(children) are the weights with which a stage sums the stages before it, in a vertex with so many
 *               children: always `a` for a Runge-Kutta method
 */
export function stageWeights(tree: Tree, inner: (children: number) => readonly (readonly number[])[]): number[] {
  const rows = inner(tree.length);
  const children = tree.map((child) => stageWeights(child, inner));
  return rows.map((row) => children.reduce((product, child) => product * dot(row, child), 1));
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}
