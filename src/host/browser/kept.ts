const texts = new Map<string, string>();

/** The text that was kept under a name since the page was loaded; undefined where there is none. */
export function recall(name: string): string | undefined {
  return texts.get(name);
}

/** Keeps a text under a name, until the page goes. */
export function keep(name: string, text: string): void {
  texts.set(name, text);
}
