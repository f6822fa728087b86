/** An empty HTML document, in which to draw what is then read as text; it is not shown. */
export function emptyDocument(): Document {
  return document.implementation.createHTMLDocument();
}
