/**
 * Random numbers from keys: a key is two int32 words, and the same key gives the same bits on every backend. The generator
 * is Threefry-2x32; what is made of its bits uses operations that IEEE 754 rounds in one way (see elementary.ts). A key
 * that is used twice gives the same numbers twice: `split` it, or fold a number in.
 */
export { categorical, exponential, gumbel } from "./exponential.ts";
export { beta, gamma } from "./gamma.ts";
export { foldIn, key, split } from "./key.ts";
export { normal } from "./normal.ts";
export { choice, permutation } from "./permutation.ts";
export { bernoulli, bits, integers, uniform } from "./uniform.ts";
