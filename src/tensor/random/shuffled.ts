import { scan } from "../control.ts";
import { type Tensor, where } from "../tensor.ts";
import { split } from "./key.ts";
import { bits, integers } from "./uniform.ts";

/** An order of n things that is drawn by chance, and of which single places can be asked. */
export interface Order {
  /** [rounds]: x and this less x, modulo n, are a pair of which the round may swap both. */
  readonly centres: Tensor;
  /** [rounds]: 32 random bits each, which say of what pairs it does. */
  readonly salts: Tensor;
}

/** So many rounds that of n things less than one in 2^16 is expected where all of them left it, beyond what chance leaves. */
const roundsFor = (n: number) => 16 + Math.ceil(Math.log2(n));

/** The order of 0 to n - 1 that belongs to a key. */
export function drawOrder(k: Tensor, n: number): Order {
  const rounds = roundsFor(n);
  const [one, two] = split(k);
  return { centres: integers(one, [rounds], n), salts: bits(two, [rounds]) };
}

/**
 * What stands at the places x of an order of 0 to n - 1, without making the others: the swap-or-not shuffle (Hoang, Morris &
 * Rogaway, CRYPTO 2012, fig. 1). Its random function is a keyed hash, MurmurHash3's last steps, which serve to mix rows but
 * keep no secret.
 *
 * @param x     int32, each from 0 to n - 1
 * @param late  bool, of x's shape: where the places are of `next` rather than of `now`
 */
export function shuffled(x: Tensor, n: number, { now, next, late }: { now: Order; next: Order; late: Tensor }): Tensor {
  const rounds = scan(
    { at: x },
    (carry, round) => {
      const centre = where(late, round.nextCentre, round.centre);
      const salt = where(late, round.nextSalt, round.salt);
      const difference = centre.sub(carry.at);
      const other = where(difference.lt(0), difference.add(n), difference);
      return { carry: { at: where(hash(carry.at.maximum(other).xor(salt)).lt(0), other, carry.at) } };
    },
    { xs: { centre: now.centres, salt: now.salts, nextCentre: next.centres, nextSalt: next.salts } },
  );
  return rounds.carry.at;
}

/** Of 32 bits, 32 others of which each depends on all. */
function hash(x: Tensor): Tensor {
  const mixed = (y: Tensor, shift: number, factor: number) => y.xor(y.shiftRight(shift)).mul(factor | 0);
  return mixed(mixed(x, 16, 0x85ebca6b), 13, 0xc2b2ae35);
}
