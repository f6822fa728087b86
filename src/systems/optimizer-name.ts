/** What `--optimizer` chooses from. */
export const optimizerNames = ["adam", "lbfgs", "newton", "lm"] as const;
export type OptimizerName = (typeof optimizerNames)[number];
