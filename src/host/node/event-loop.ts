/** Resolves after timers, signals and messages that wait have been handled. */
export function handleEvents(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
