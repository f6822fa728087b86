import { symplectic } from "./symplectic.ts";

/** Leapfrog, or velocity Verlet, second order (Verlet, Phys. Rev. 159, 98, 1967; Swope et al., J. Chem. Phys. 76, 637, 1982). */
export const leapfrog = symplectic("leapfrog", 2, [1]);
