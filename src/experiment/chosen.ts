import { PondusError } from "../graph/errors.ts";
import type { System } from "./system.ts";

/** What was chosen of what a page offers beside its optimizers. */
export interface Chosen {
  /** One of the page's `laws`. */
  readonly law?: string;
  /** How many networks are trained at once, where it is more than one. */
  readonly ensemble?: number;
}

/** More take days, and gigabytes. */
const mostMembers = 1000;

/**
 * The law that was asked for, else the page's own choice, and the members of an ensemble.
 *
 * @throws `train.law` and `train.ensemble` when the page does not offer what was asked for, or a number is no count
 */
export function chosenOf(
  { name, laws, ensemble: offered }: Pick<System, "name" | "laws" | "ensemble">,
  asked: Chosen,
): Chosen {
  const names = Object.keys(laws ?? {});
  if (asked.law !== undefined && !names.includes(asked.law)) {
    const choice = names.length > 0 ? `choose from ${names.join(", ")}` : "the page has one, its own; leave --law out";
    throw new PondusError("train.law", `${name} knows no law "${asked.law}"; ${choice}.`);
  }
  const { law = names[0], ensemble } = asked;
  if (ensemble !== undefined) checkMembers(name, ensemble, offered !== undefined);
  return { ...(law !== undefined && { law }), ...(ensemble !== undefined && { ensemble }) };
}

function checkMembers(name: string, members: number, isOffered: boolean): void {
  if (!isOffered) {
    throw new PondusError("train.ensemble", `${name} trains no ensemble; leave --ensemble out, and vary --seed.`);
  }
  if (Number.isInteger(members) && members >= 2 && members <= mostMembers) return;
  throw new PondusError(
    "train.ensemble",
    `an ensemble has a whole number of members from 2 to ${mostMembers.toLocaleString("en-US")}, but ${members} came; leave ` +
      "--ensemble out for one network.",
  );
}
