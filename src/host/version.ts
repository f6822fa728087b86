/** Pondus's own version, which package.json states too. */
export const version = "0.1.0";
