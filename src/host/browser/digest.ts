/** The first 32 bits of the fractional part of a root, exact in the integers: the constants of FIPS 180-4. */
function fraction(prime: number, root: 2n | 3n): number {
  const scaled = BigInt(prime) << (32n * root);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** root <= scaled) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

const turn = (x: number, by: number) => (x >>> by) | (x << (32 - by));

/**
 * SHA-256 (FIPS 180-4) of parts, one after another, in hexadecimal; of a text its bytes in UTF-8. (A browser's own
 * `crypto.subtle` answers later, and not at all in a page without https.)
 */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const first = primes(64);
  const constants = Int32Array.from(first, (p) => fraction(p, 3n));
  const state = Int32Array.from(first.slice(0, 8), (p) => fraction(p, 2n));
  const block = new Uint8Array(64);
  const view = new DataView(block.buffer);
  const words = new Int32Array(64);
  let filled = 0;
  let length = 0;

  const compress = () => {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(4 * i);
    for (let i = 16; i < 64; i++) {
      const [early, late] = [words[i - 15], words[i - 2]];
      const low = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
      const high = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
      words[i] = words[i - 16] + low + words[i - 7] + high;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const chosen = (e & f) ^ (~e & g);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + chosen + constants[i] + words[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => {
      state[i] += x;
    });
  };
  const add = (bytes: Uint8Array) => {
    length += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + 64 - filled);
      block.set(piece, filled);
      filled += piece.length;
      at += piece.length;
      if (filled < 64) continue;
      compress();
      filled = 0;
    }
  };

  for (const part of parts) add(typeof part === "string" ? new TextEncoder().encode(part) : part);
  const bits = BigInt(length) * 8n;
  add(Uint8Array.of(0x80));
  add(new Uint8Array((120 - filled) % 64));
  const end = new Uint8Array(8);
  new DataView(end.buffer).setBigUint64(0, bits);
  add(end);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
