import { parseHTML } from "linkedom";

/** An empty HTML document, in which to draw what is then read as text. */
export function emptyDocument(): Document {
  return parseHTML("<html><body></body></html>").document as unknown as Document;
}
