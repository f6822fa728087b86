import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** The Markdown files that git knows or would take; without git, those at the root and under docs/. */
function listPages(): string[] {
  try {
    const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], {
      cwd: root,
      encoding: "utf8",
    });
    return listed.split("\n").filter((page) => page !== "" && existsSync(join(root, page)));
  } catch {
    const docs = existsSync(join(root, "docs"))
      ? readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
      : [];
    return [...readdirSync(root), ...docs.map((file) => join("docs", file))].filter((file) => file.endsWith(".md"));
  }
}

/** The text of every page by its path from the root. */
export const pages: ReadonlyMap<string, string> = new Map(
  listPages().map((page) => [page, readFileSync(join(root, page), "utf8")]),
);

/** The pages that users read: the README and all under docs/. */
export const guide = [...pages.keys()].filter((page) => page === "README.md" || page.startsWith("docs")).sort();

export interface Fence {
  readonly language: string;
  /** The comment on the line above: `continued`, `not run: reason`, `file: name`, `pass: name`. */
  readonly mark: string | undefined;
  readonly body: string;
  /** The line of the page on which the body begins, counted from 1. */
  readonly line: number;
  /** Where the body begins and ends in the page's text. */
  readonly from: number;
  readonly to: number;
}

/** The fenced blocks of a page, in order. */
export function fences(text: string): Fence[] {
  const pattern = /^(?:<!-- ([^>]+?) -->\s*\n)?```(\w*)[^\n]*\n([\s\S]*?)^```$/gm;
  return [...text.matchAll(pattern)].map((match) => {
    const [whole, mark, language, body] = match;
    const to = match.index + whole.length - "```".length;
    const from = to - body.length;
    return { language, mark, body, line: text.slice(0, from).split("\n").length, from, to };
  });
}

export const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, "");

/** The anchors that GitHub gives a page's headings. */
export function anchors(text: string): Set<string> {
  const headings = [...withoutCode(text).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Blocks of TypeScript that make one program: a block, and those below it that say `<!-- continued -->`. */
export interface Example {
  readonly page: string;
  /** Where its first block begins. */
  readonly line: number;
  /** Every line of the code on the line that it has on the page; each block is followed by a call of `blockEnds(line)`. */
  readonly code: string;
  /** For each block its line, and the block of text right below it, which shows what it prints. */
  readonly blocks: readonly { readonly line: number; readonly output: Fence | undefined }[];
}

/**
 * The programs of a page. What is marked `not run: reason` is left out, as is `pass: name`, whose examples
 * test/compiler/passes.test.ts runs.
 */
export function examplesOn(page: string, text = pages.get(page) ?? ""): Example[] {
  const found: { line: number; lines: string[]; blocks: { line: number; output: Fence | undefined }[] }[] = [];
  const all = fences(text);
  all.forEach(({ language, mark, body, line, to }, i) => {
    if (language !== "ts" || (mark && mark !== "continued")) return;
    if (mark !== "continued") found.push({ line, lines: [], blocks: [] });
    const example = found.at(-1);
    if (!example) throw new Error(`${page}:${line}: there is no block to continue.`);
    const { lines, blocks } = example;
    while (lines.length < line - 1) lines.push("");
    lines.push(...body.trimEnd().split("\n"), `blockEnds(${line});`);
    const next = all[i + 1];
    const isOutput = next?.language === "text" && !next.mark && /^```\s*```text\n$/.test(text.slice(to, next.from));
    blocks.push({ line, output: isOutput ? next : undefined });
  });
  return found.map(({ line, lines, blocks }) => ({ page, line, code: `${lines.join("\n")}\n`, blocks }));
}

/** What a page's programs read: the blocks that are marked `file: name`. */
export function filesOn(page: string): { name: string; text: string }[] {
  return fences(pages.get(page) ?? "").flatMap(({ mark, body }) => {
    const name = mark?.match(/^file: (\S+)$/)?.[1];
    return name ? [{ name, text: body }] : [];
  });
}

const number = /-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?/gi;

/**
 * Whether a page shows what was printed: equal text and equal whole numbers; a number with decimals may differ by one in its
 * last place, because backends and processors add in different orders.
 */
export function agrees(shown: string, printed: string): boolean {
  if (shown.replace(number, "#") !== printed.replace(number, "#")) return false;
  const values = printed.match(number) ?? [];
  return (shown.match(number) ?? []).every((text, i) => near(text, values[i]));
}

function near(shown: string, printed: string): boolean {
  if (shown === printed) return true;
  const decimals = decimalsOf(shown);
  if (decimals === undefined || decimals !== decimalsOf(printed)) return false;
  const [, power = "0"] = shown.split(/e/i);
  const unit = 10 ** (Number(power) - decimals);
  return Math.abs(quantity(shown) - quantity(printed)) < 1.5 * unit;
}

/** Digits behind the point of what is written without or with a power of ten; undefined where there is no point. */
const decimalsOf = (text: string) => text.match(/\.(\d+)/)?.[1].length;
const quantity = (text: string) => Number(text.replaceAll(",", ""));

/** The page with what its programs printed, by the line of the block, where it shows anything else. */
export function withOutputs(page: string, printed: ReadonlyMap<number, string>): string {
  const text = pages.get(page) ?? "";
  const outputs = examplesOn(page).flatMap(({ blocks }) => blocks);
  return outputs.reduceRight((whole, { line, output }) => {
    const came = printed.get(line);
    if (!output || came === undefined || agrees(output.body, came)) return whole;
    return whole.slice(0, output.from) + came + whole.slice(output.to);
  }, text);
}
