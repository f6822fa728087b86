/** A page is not told which processor it runs on. */
export function processorName(): string {
  return "unknown";
}

/** What runs JavaScript here: the browser, as it names itself. */
export function platform(): readonly string[] {
  return [globalThis.navigator?.userAgent ?? "unknown"];
}

/** A page is not told how busy the processors are. */
export function busy(): number {
  return 0;
}
