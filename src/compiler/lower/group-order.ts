/** Something that must run after what it needs. */
export interface Needy<T> {
  readonly needs: Set<T>;
}

/** How many are visited before a question about them is given up. */
const patience = 200;

/**
 * Which of many must run after which. Everything has a level above all that it needs, so that most questions are
 * answered by comparing two levels, and a search stays between them.
 */
export class Order<T extends Needy<T>> {
  readonly #levels = new Map<T, number>();
  readonly #dependents = new Map<T, T[]>();

  /** `later` must run after `earlier`, which does not reach it. */
  add(later: T, earlier: T): void {
    if (later.needs.has(earlier)) return;
    later.needs.add(earlier);
    const list = this.#dependents.get(earlier);
    if (list) list.push(later);
    else this.#dependents.set(earlier, [later]);
    const raised: [T, number][] = [[later, this.#level(earlier) + 1]];
    for (let next = raised.pop(); next; next = raised.pop()) {
      const [x, level] = next;
      if (this.#level(x) >= level) continue;
      this.#levels.set(x, level);
      for (const y of this.#dependents.get(x) ?? []) raised.push([y, level + 1]);
    }
  }

  /** False only when `from` need not run after `to`; true as well when that would take long to find out. */
  mayReach(from: T, to: T): boolean {
    const floor = this.#level(to);
    const seen = new Set<T>();
    const stack = [from];
    for (let x = stack.pop(); x; x = stack.pop()) {
      if (x === to || seen.size > patience) return true;
      if (this.#level(x) <= floor || seen.has(x)) continue;
      seen.add(x);
      stack.push(...x.needs);
    }
    return false;
  }

  #level(x: T): number {
    return this.#levels.get(x) ?? 0;
  }
}
