/** What `--optimizer` chooses from. */
export const optimizerNames = ["adam", "lbfgs", "newton", "natural", "lm"] as const;
export type OptimizerName = (typeof optimizerNames)[number];
