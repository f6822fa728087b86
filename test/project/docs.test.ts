import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

const pages = listPages();
const text = new Map(pages.map((page) => [page, readFileSync(join(root, page), "utf8")]));

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

const withoutCode = (page: string) => text.get(page)!.replace(/^```[\s\S]*?^```/gm, "");

/** The anchors that GitHub gives a page's headings. */
function anchors(page: string): Set<string> {
  const headings = [...withoutCode(page).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test("every relative link leads somewhere", () => {
  const dead = pages.flatMap((page) => deadLinks(page).map((link) => `${page}: ${link}`));
  expect(dead).toEqual([]);
});

function deadLinks(page: string): string[] {
  return [...withoutCode(page).matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^[a-z]+:/i.test(link))
    .filter((link) => {
      const [path, anchor] = decodeURI(link).split("#");
      const target = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && text.has(target) && !anchors(target).has(anchor);
    });
}

// What changed before is told with the names of then.
test("every path of the repository in a page exists", () => {
  const gone = pages
    .filter((page) => page !== "CHANGELOG.md")
    .flatMap((page) =>
      [...withoutCode(page).matchAll(/`((?:src|test|bench|docs|scripts)\/[\w./-]+)`/g)]
        .filter(([, path]) => !existsSync(join(root, path)))
        .map(([, path]) => `${page}: ${path}`),
    );
  expect(gone).toEqual([]);
});

interface Block {
  page: string;
  line: number;
  code: string;
}

/**
 * The fenced blocks of a language. `<!-- not run: reason -->` on the line above leaves a block out, as does `<!-- pass: name -->`, whose
 * examples test/compiler/passes.test.ts runs; `<!-- continued -->` puts the code of the block before it in front.
 */
function blocks(language: string): Block[] {
  const found: Block[] = [];
  for (const page of pages.filter((page) => page === "README.md" || page.startsWith("docs"))) {
    const pattern = new RegExp(
      `(<!-- (not run: [^>]+|continued|pass: \\w+) -->\\s*\\n)?^\`\`\`${language}\\b[^\\n]*\\n([\\s\\S]*?)^\`\`\``,
      "gm",
    );
    let before = "";
    for (const match of text.get(page)!.matchAll(pattern)) {
      const [, , mark, code] = match;
      if (mark && mark !== "continued") continue;
      before = mark === "continued" ? before + code : code;
      const line = text.get(page)!.slice(0, match.index).split("\n").length + (mark ? 1 : 0);
      found.push({ page, line, code: before });
    }
  }
  return found;
}

// An example lies inside the repository, so that `pondus` means these sources; what it writes goes to a folder that is thrown away.
const examples = join(root, "test", ".examples", String(process.pid));
const scratch = mkdtempSync(join(tmpdir(), "pondus-docs-"));

beforeAll(() => {
  mkdirSync(examples, { recursive: true });
  process.chdir(scratch);
});

afterAll(() => {
  process.chdir(root);
  rmSync(examples, { recursive: true, force: true });
  rmSync(scratch, { recursive: true, force: true });
});

for (const { page, line, code } of blocks("ts")) {
  test(`${page}:${line} runs`, async () => {
    const file = join(examples, `${page.replace(/\W/g, "-")}-${line}.ts`);
    writeFileSync(file, `${code}\nexport {};\n`);
    await import(file);
  });
}

const commands = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => /^cli\b.*\.ts$/.test(file))
  .flatMap((file) => [...readFileSync(join(root, "src", file), "utf8").matchAll(/\.command\(\s*["'`]([a-z]+)/g)])
  .map(([, command]) => command);

test.skipIf(commands.length === 0)("every `pondus <command>` in a shell block exists", () => {
  const unknown = blocks("sh").flatMap(({ page, line, code }) =>
    [...code.matchAll(/^\s*(?:\$ )?(?:npx )?pondus ([a-z]+)/gm)]
      .filter(([, command]) => !commands.includes(command))
      .map(([, command]) => `${page}:${line}: pondus ${command}`),
  );
  expect(unknown).toEqual([]);
});
