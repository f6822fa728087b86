import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { format } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { pondus } from "../support/command-line.ts";
import {
  agrees,
  anchors,
  type Example,
  examplesOn,
  fences,
  filesOn,
  guide,
  pages,
  root,
  withOutputs,
  withoutCode,
} from "../support/pages.ts";

test("every relative link leads somewhere", () => {
  const dead = [...pages.keys()].flatMap((page) => deadLinks(page).map((link) => `${page}: ${link}`));
  expect(dead).toEqual([]);
});

/** The links of a page to others of the repository, as they are written there. */
function linksOn(page: string): string[] {
  const links = withoutCode(pages.get(page)!).matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)/g);
  return [...links].map(([, link]) => decodeURI(link)).filter((link) => !/^[a-z]+:/i.test(link));
}

function deadLinks(page: string): string[] {
  return linksOn(page).filter((link) => {
    const [path, anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && pages.has(target) && !anchors(pages.get(target)!).has(anchor);
  });
}

// What changed before is told with the names of then.
test("every path of the repository in a page exists", () => {
  const gone = [...pages]
    .filter(([page]) => page !== "CHANGELOG.md")
    .flatMap(([page, text]) =>
      [...withoutCode(text).matchAll(/`((?:src|test|bench|docs|scripts)\/[\w./-]+)`/g)]
        .filter(([, path]) => !existsSync(join(root, path)))
        .map(([, path]) => `${page}: ${path}`),
    );
  expect(gone).toEqual([]);
});

test("every page under docs/ is linked from another", () => {
  const linked = new Set(
    [...pages.keys()].flatMap((page) => linksOn(page).map((link) => join(dirname(page), link.split("#")[0]))),
  );
  expect(guide.filter((page) => page.startsWith("docs") && !linked.has(page))).toEqual([]);
});

// An example lies inside the repository, so that `pondus` means these sources; what it writes goes to a folder that is thrown away.
const examples = join(root, "test", ".examples", String(process.pid));
const scratch = mkdtempSync(join(tmpdir(), "pondus-docs-"));
const fileOf = ({ page, line }: Example) => join(examples, `${page.replace(/\W/g, "-")}-${line}.ts`);
const withCode = guide
  .map((page) => ({ page, programs: examplesOn(page) }))
  .filter(({ programs }) => programs.length > 0);

beforeAll(() => {
  mkdirSync(examples, { recursive: true });
  for (const { programs } of withCode)
    for (const one of programs) writeFileSync(fileOf(one), `${one.code}export {};\n`);
  writeFileSync(join(examples, "block-ends.d.ts"), "declare function blockEnds(line: number): void;\n");
  // Without the paths of the repository's own settings `pondus` is the package as it is published.
  const settings = { extends: "../../../tsconfig.json", compilerOptions: { paths: {} }, include: ["*.ts"] };
  writeFileSync(join(examples, "tsconfig.json"), JSON.stringify(settings));
  process.chdir(scratch);
});

afterAll(() => {
  process.chdir(root);
  rmSync(examples, { recursive: true, force: true });
  rmSync(scratch, { recursive: true, force: true });
});

test("the code of all pages fits the types of the package", () => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", examples], { encoding: "utf8", cwd: root });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

for (const { page, programs } of withCode) {
  test(`${page}: its code runs and prints what the page shows`, async () => {
    for (const { name, text } of filesOn(page)) writeFileSync(join(scratch, name), text);
    const printed = new Map<number, string>();
    for (const one of programs) {
      let said = "";
      const log = vi.spyOn(console, "log").mockImplementation((...values) => {
        said += `${format(...values)}\n`;
      });
      vi.stubGlobal("blockEnds", (line: number) => {
        printed.set(line, said);
        said = "";
      });
      await import(fileOf(one)).finally(() => log.mockRestore());
    }
    // Writes the page anew with `npm test -- docs -u`.
    await expect(withOutputs(page, printed)).toMatchFileSnapshot(join(root, page));
  });
}

test("README's table of speeds is that of bench/RESULTS.md; `node scripts/speeds.mjs` writes it anew", () => {
  const { stderr } = spawnSync(process.execPath, [join(root, "scripts", "speeds.mjs"), "--check"], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
});

test("the package holds every page that README links to", () => {
  const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
  // npm packs these three by itself.
  const held = [...files, "README.md", "LICENSE", "package.json"];
  const linked = linksOn("README.md").map((link) => join(link.split("#")[0]));
  const missing = linked.filter((path) => !held.some((one) => path === one || path.startsWith(`${one}/`)));
  expect(missing).toEqual([]);
});

test("a shown number may differ by one in its last place, a whole number not at all", () => {
  expect(agrees("loss 0.123, 1,154 knobs", "loss 0.124, 1,154 knobs")).toBe(true);
  expect(agrees("1.23e-5", "1.24e-5")).toBe(true);
  expect(agrees("loss 0.123", "loss 0.125")).toBe(false);
  expect(agrees("1,154 knobs", "1,155 knobs")).toBe(false);
  expect(agrees("1.5 a", "1.5 b")).toBe(false);
  expect(agrees("1 2", "1")).toBe(false);
  expect(agrees("0.00002", "1.8e-5")).toBe(false);
});

/** The shell commands of a page: the lines of `sh` blocks, and what stands in the text as `npx ...` or `npm ...`. */
function commandsOn(page: string): string[] {
  const text = pages.get(page)!;
  const blocks = fences(text).filter(({ language }) => language === "sh");
  const lines = blocks.flatMap(({ body }) => body.split("\n"));
  const spans = [...withoutCode(text).matchAll(/`((?:npx |npm |node |pondus )[^`\n]+)`/g)].map(([, span]) => span);
  return [...lines, ...spans]
    .map((line) => line.replace(/\s#.*$/, "").trim())
    .filter((line) => line !== "" && !line.endsWith("..."));
}

// What changed before is told with the commands of then.
const commands = [...pages.keys()]
  .filter((page) => page !== "CHANGELOG.md")
  .flatMap((page) => commandsOn(page).map((line) => ({ page, line })));

test("every `pondus` command on a page exists, with its options, and every system that it names", async () => {
  const help = new Map<string, string>();
  const listed = JSON.parse((await pondus(["systems", "--json"])).stdout) as { name: string }[];
  const known = listed.map(({ name }) => name);
  const called = commands.flatMap(({ page, line }) => {
    const [, rest] = line.match(/^(?:npx )?pondus (.*)$/) ?? [];
    return rest === undefined ? [] : [{ page, line, words: rest.split(/\s+/) }];
  });
  const names = new Set(called.map(({ words: [name] }) => name).filter((name) => !name.startsWith("-")));
  await Promise.all([...names].map(async (name) => help.set(name, (await pondus([name, "--help"])).stdout)));
  const wrong = called.filter(({ words: [name, ...rest] }) => {
    const text = help.get(name) ?? "";
    if (!name.startsWith("-") && !text.startsWith(`Usage: pondus ${name} `)) return true;
    const options = rest.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0]);
    if (options.some((option) => !new RegExp(`${option}\\b(?!-)`).test(text))) return true;
    const [what] = rest;
    const isSystem = ["train", "weigh"].includes(name) && /^[a-z]+$/.test(what ?? "");
    return isSystem && !known.includes(what);
  });
  // Options that the guide speaks of without a command, such as `--json`, belong to one of them.
  const all = [...help.values()].join("\n");
  const lone = guide
    .filter((page) => page === "README.md" || page.startsWith("docs/guide"))
    .flatMap((page) =>
      [...withoutCode(pages.get(page)!).matchAll(/`(--[a-z-]+)[^`\n]*`/g)].map(([line, option]) => ({
        page,
        line,
        option,
      })),
    )
    .filter(({ option }) => !new RegExp(`${option}\\b(?!-)`).test(all));
  expect(called.length).toBeGreaterThan(10);
  expect(lone.map(({ page, line }) => `${page}: ${line}`)).toEqual([]);
  expect(wrong.map(({ page, line }) => `${page}: ${line}`)).toEqual([]);
});

test("every npm script and every file that a page runs exists", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const wrong = commands.filter(({ line }) => {
    const script = line.match(/^npm (?:run ([\w-]+)|(start|test))/);
    if (script) return !((script[1] ?? script[2]) in scripts);
    const file = line.match(/^node (scripts\/\S+)/)?.[1];
    return file !== undefined && !existsSync(join(root, file));
  });
  expect(wrong.map(({ page, line }) => `${page}: ${line}`)).toEqual([]);
});
