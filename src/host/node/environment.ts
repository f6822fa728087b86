/** The value of an environment variable, such as PONDUS_THREADS; undefined where it is not set. */
export function setting(name: string): string | undefined {
  return process.env[name];
}

/** What the program runs in, with its version, as a run remembers it. */
export const engine = (): { readonly node?: string; readonly browser?: string } => ({ node: process.versions.node });
