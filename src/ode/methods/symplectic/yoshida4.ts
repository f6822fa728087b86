import { symplectic } from "./symplectic.ts";

const outer = 1 / (2 - Math.cbrt(2));

/** Three leapfrog steps, one of them backwards, for fourth order (Yoshida, Phys. Lett. A 150, 262, 1990). */
export const yoshida4 = symplectic("yoshida4", 4, [outer, 1 - 2 * outer, outer]);
