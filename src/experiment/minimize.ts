import * as optim from "../optim/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { OptimizerName } from "./run-settings.ts";
import type { Session } from "./system.ts";

/** What makes the mean square of residuals small by that name; `adam` says what "adam" is. */
export function optimizerFor(
  name: Exclude<OptimizerName, "lm"> | undefined,
  residuals: Tensor,
  adam: () => optim.Optimizer,
): optim.Optimizer {
  if (name === "lbfgs") return optim.lbfgs();
  if (name === "newton") return optim.newtonCG();
  if (name !== "natural") return adam();
  // The mean of squares is the negative log-likelihood of normal errors of variance 1/2, but for a constant.
  return optim.naturalGradient({ outputs: residuals.flatten(), likelihood: "gaussian", variance: 0.5 });
}

/** Minimises on a session, with the optimizer of its choice. */
export function minimizer(session: Pick<Session, "optimizer" | "fit" | "leastSquares" | "steps">): Session["minimize"] {
  const { optimizer, steps } = session;
  return (name, { residuals, adam, damping, ...given }) => {
    const rest = { observations: residuals.size, ...given };
    if (optimizer === "lm") return session.leastSquares(name, { residuals, damping, steps, ...rest });
    return session.fit(name, {
      loss: residuals.square().mean(),
      optimizer: optimizerFor(optimizer, residuals, adam),
      ...rest,
    });
  };
}
