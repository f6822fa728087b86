import { ownFolder } from "#host/own-code";

const own = ownFolder === undefined ? undefined : readable(ownFolder);
const systems = `${own}systems/`;

/** `file:line:column` at the end of a stack frame, of V8 (`at f (file:///a.ts:1:2)`) or of Firefox and Safari (`f@http://a.js:1:2`). */
const frame = /(?:^at (?:async )?|\(|@)((?:[a-z]+:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+):(\d+)\)?$/;

/** A line of a stack that names a place in a file. */
export interface Frame {
  /** As the engine writes it. */
  readonly location: string;
  /** In one form for all engines. */
  readonly url: string;
  readonly line: string;
  readonly column: string;
  /** Whether it lies in an installed package. */
  readonly isPackage: boolean;
}

/** The frames of a stack, the innermost first. */
export function* framesOf(stack: string): Generator<Frame> {
  for (const text of stack.split("\n")) {
    const match = frame.exec(text.trim());
    if (!match) continue;
    const [, location, line, column] = match;
    const url = asUrl(location);
    yield { location, url, line, column, isPackage: url.includes("/node_modules/") };
  }
}

/**
 * The first frame of a stack that lies outside the library (worked systems count as the user's own pages). In a bundle
 * that holds the library and the user's code there is none that could be told from the others.
 */
export function userFrame(stack: string): string | undefined {
  let isBundled = own === undefined;
  for (const { url, line, isPackage } of framesOf(stack)) {
    // A stack begins in the library: if that is a package here, the user's code is not in one file with it.
    if (isBundled && !isPackage) return undefined;
    isBundled = false;
    const isLibrary = own !== undefined && url.startsWith(own) && !url.startsWith(systems);
    if (isLibrary || isPackage) continue;
    return `${url.slice(url.lastIndexOf("/") + 1).replace(/\?.*$/, "")}:${line}`;
  }
  return undefined;
}

/** One form for what engines write as a URL, a path, or a path of Windows; spaces as spaces. */
function asUrl(location: string): string {
  if (/^[a-z]+:\/\//.test(location)) return readable(location);
  return `file://${location.startsWith("/") ? "" : "/"}${location.replaceAll("\\", "/")}`;
}

/** A URL with its spaces as spaces. */
export function readable(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}
