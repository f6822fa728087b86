/** The value of an environment variable, such as PONDUS_THREADS; undefined where it is not set. */
export function setting(name: string): string | undefined {
  return process.env[name];
}
