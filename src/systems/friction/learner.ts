import type { Session } from "../../experiment/system.ts";

/** What of a session the fits use, whatever the model. */
export type Learner = Pick<Session, "steps" | "learningRate" | "quick" | "fit" | "leastSquares" | "evaluate">;
