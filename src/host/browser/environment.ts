/** A page has no environment: a global variable of the same name, set before it is needed, takes its place. */
export function setting(name: string): string | undefined {
  const value = (globalThis as unknown as Record<string, unknown>)[name];
  return value === undefined ? undefined : String(value);
}

/** What the program runs in, with its version, as a run remembers it. */
export const engine = (): { readonly node?: string; readonly browser?: string } => ({ browser: navigator.userAgent });
