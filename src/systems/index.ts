import type { AnySystem } from "../experiment/system.ts";
import curvature from "./curvature.ts";
import dimer from "./dimer.ts";
import friction from "./friction.ts";
import neuron from "./neuron.ts";
import proteins from "./proteins.ts";
import sequence from "./sequence.ts";
import vision from "./vision.ts";
import yeast from "./yeast.ts";

export { curvature, dimer, friction, neuron, proteins, sequence, vision, yeast };

/** The worked systems, in the order in which to meet them. */
export const systems: readonly AnySystem[] = [neuron, yeast, dimer, curvature, vision, sequence, friction, proteins];
