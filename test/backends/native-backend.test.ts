import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { native } from "../../src/backends/native/index.ts";
import { printC } from "../../src/backends/native/print.ts";
import { compileGraph } from "../../src/compiler/compile.ts";

const folder = mkdtempSync(join(tmpdir(), "pondus-native-"));
const problem = native.unavailable();
const isRoot = process.getuid?.() === 0;
const compiler = problem
  ? ""
  : execFileSync("sh", ["-c", "command -v cc gcc clang | head -1"], { encoding: "utf8" }).trim();

let cache: string;
let made = 0;
beforeEach(() => {
  cache = join(folder, `cache${made++}`);
  vi.stubEnv("PONDUS_CACHE", cache);
  vi.stubEnv("PONDUS_BACKEND", "");
  vi.stubEnv("TMPDIR", folder);
  vi.stubEnv("CC", "");
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Pondus as a new process would see it: nothing looked at yet. */
async function fresh() {
  vi.resetModules();
  return { ...(await import("pondus")), native: (await import("../../src/backends/native/index.ts")).native };
}
type Fresh = Awaited<ReturnType<typeof fresh>>;

async function answer({ compile }: Fresh, backend: "auto" | "native" = "native", factor = 3): Promise<number> {
  const program = compile(({ x }) => ({ y: x.mul(factor).add(1) }), { x: [] }, { backend });
  return (await program.run({ x: 2 })).y.item();
}

const chosen = ({ inspectBackends }: Fresh) => inspectBackends().find((b) => !b.unavailable)?.name;
const libraries = () => readdirSync(cache).filter((name) => name.endsWith(".so"));

function script(text: string): string {
  const path = join(folder, `cc${made++}`);
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}

describe.skipIf(problem !== undefined)(`machine code${problem ? ` (skipped: ${problem})` : ""}`, () => {
  test.each<[string, () => void, RegExp]>([
    ["an empty PATH", () => vi.stubEnv("PATH", ""), /no C compiler was found/],
    ["CC that names nothing", () => vi.stubEnv("CC", "no-such-compiler"), /CC names no-such-compiler, which is no/],
    ["CC that names no compiler", () => vi.stubEnv("CC", "/bin/ls"), /ls does not work/],
    [
      "CC that does nothing",
      () => vi.stubEnv("CC", script("exit 0")),
      /does not work: it compiled a program to nothing/,
    ],
    [
      "CC that writes no program",
      () => vi.stubEnv("CC", script('while [ "$1" != -o ]; do shift; done; echo > "$2"')),
      /does not work/,
    ],
    ["CC that reads on and on", () => vi.stubEnv("CC", script("cat; exit 1")), /does not work/],
    ["CC that is killed", () => vi.stubEnv("CC", script("kill -9 $$")), /does not work/],
  ])("%s: WebAssembly takes over", async (_, arrange, why) => {
    arrange();
    const pondus = await fresh();
    expect(pondus.native.unavailable()).toMatch(why);
    expect(chosen(pondus)).toBe("wasm");
    expect(await answer(pondus, "auto")).toBe(7);
    await expect(answer(pondus, "native")).rejects.toMatchObject({ code: "backend.unavailable", exitCode: 1 });
  });

  test("CC with options, and a link whose name matters", async () => {
    vi.stubEnv("CC", `${compiler} -DNOTHING=1`);
    expect(await answer(await fresh())).toBe(7);
    const wrapper = script(`case "$0" in */wrapper) exit 1;; esac; exec ${compiler} "$@"`);
    execFileSync("mv", [wrapper, join(folder, "wrapper")]);
    execFileSync("ln", ["-s", join(folder, "wrapper"), join(folder, "ordinary")]);
    vi.stubEnv("CC", join(folder, "ordinary"));
    expect(await answer(await fresh())).toBe(7);
  });

  test("a compiler that breaks after it was tried: auto goes on with WebAssembly", async () => {
    const broken = join(folder, "broken");
    vi.stubEnv("CC", script(`[ -e ${broken} ] && { echo "cc1: gone" >&2; exit 1; }; exec ${compiler} "$@"`));
    const pondus = await fresh();
    expect(await answer(pondus)).toBe(7);
    writeFileSync(broken, "");
    await expect(answer(pondus, "native", 4)).rejects.toMatchObject({ code: "native.compiler", exitCode: 1 });
    expect(pondus.native.unavailable()).toMatch(/could not compile a program: cc1: gone/);
    expect(await answer(pondus, "auto", 5)).toBe(11);
    expect(await answer(await fresh(), "auto", 6)).toBe(13);
    rmSync(broken);
  });

  test("the cache is its owner's alone, and serves the next process", async () => {
    expect(await answer(await fresh())).toBe(7);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    const kept = () => libraries().map((name) => [name, statSync(join(cache, name)).ino]);
    const first = kept();
    expect(await answer(await fresh())).toBe(7);
    expect(kept()).toEqual(first);
  });

  /** Another file in its place: this process has mapped the old one, and must not see it change. */
  const rewrite = (path: string, change: (bytes: Buffer) => Uint8Array | string) => {
    const bytes = readFileSync(path);
    rmSync(path);
    writeFileSync(path, change(bytes), { mode: 0o700 });
  };
  test.each<[string, (path: string) => void]>([
    ["cut short", (path) => rewrite(path, (bytes) => bytes.subarray(0, bytes.length >> 1))],
    ["empty", (path) => rewrite(path, () => "")],
    ["another text", (path) => rewrite(path, () => "not a library")],
    [
      "changed in one byte",
      (path) =>
        rewrite(path, (bytes) => {
          bytes[bytes.length >> 1] ^= 1;
          return bytes;
        }),
    ],
    ["writable by others", (path) => chmodSync(path, 0o777)],
  ])("a library that is %s is compiled anew", async (_, spoil) => {
    expect(await answer(await fresh(), "native", 100 + made)).toBe(2 * (100 + made) + 1);
    const [name] = libraries();
    spoil(join(cache, name));
    const found = () => ({ bytes: readFileSync(join(cache, name)), mode: statSync(join(cache, name)).mode });
    const spoiled = found();
    expect(await answer(await fresh(), "native", 100 + made)).toBe(2 * (100 + made) + 1);
    expect(found()).not.toEqual(spoiled);
  });

  test("a spoiled note on the machine is written anew; old drafts go", async () => {
    expect(await answer(await fresh())).toBe(7);
    const note = join(cache, readdirSync(cache).find((name) => name.endsWith(".machine")) as string);
    const good = readFileSync(note, "utf8");
    for (const text of ["", "3", "x", "1e9", "64", "64 icc", "8 gcc"]) {
      writeFileSync(note, text);
      expect(await answer(await fresh())).toBe(7);
      expect(readFileSync(note, "utf8")).toBe(good);
    }
    const draft = join(cache, "0123.77.0123456789ab");
    writeFileSync(draft, "");
    expect(await answer(await fresh(), "native", 8)).toBe(17);
    expect(readdirSync(cache)).toContain("0123.77.0123456789ab");
    utimesSync(draft, 1, 1);
    expect(await answer(await fresh(), "native", 9)).toBe(19);
    expect(readdirSync(cache)).not.toContain("0123.77.0123456789ab");
  });

  test("what nobody used for long, and what there is no room for, goes; what is in use stays", async () => {
    const day = 24 * 3600;
    const ago = (days: number) => Date.now() / 1000 - days * day;
    const pondus = await fresh();
    expect(await answer(pondus)).toBe(7);
    const kept = readdirSync(cache);
    // As if it had been used last long ago: but this process has it open.
    for (const name of kept) utimesSync(join(cache, name), ago(200), ago(200));
    const put = (letter: string, days: number, bytes = 1) => {
      const name = `${letter.repeat(40)}-${"0".repeat(32)}.so`;
      writeFileSync(join(cache, name), "");
      truncateSync(join(cache, name), bytes);
      utimesSync(join(cache, name), ago(days), ago(days));
      return name;
    };
    const [recent, first, second] = [put("a", 1), put("b", 2, 2 ** 29), put("c", 3, 2 ** 29)];
    const [old, foreign] = [put("d", 91), "somebody.so"];
    writeFileSync(join(cache, foreign), "");
    utimesSync(join(cache, foreign), ago(200), ago(200));
    expect(await answer(pondus, "native", 8)).toBe(17);
    const left = readdirSync(cache);
    expect(left).toEqual(expect.arrayContaining([...kept, recent, first, foreign]));
    expect(left).not.toContain(second);
    expect(left).not.toContain(old);
    // Once an hour at most.
    put("d", 91);
    expect(await answer(pondus, "native", 9)).toBe(19);
    expect(readdirSync(cache)).toContain(old);
    // A use is seen by the time of the file.
    expect(await answer(await fresh())).toBe(7);
    const used = kept.filter((name) => /\.(?:so|program)$/.test(name));
    for (const name of used) expect(statSync(join(cache, name)).mtimeMs / 1000).toBeGreaterThan(ago(1));
  });

  test("many at once compile the same program", async () => {
    const all = [];
    for (let i = 0; i < 6; i++) all.push(answer(await fresh()));
    expect(await Promise.all(all)).toEqual([7, 7, 7, 7, 7, 7]);
    expect(readdirSync(cache).filter((name) => /\.\d+\.[0-9a-f]{12}/.test(name))).toEqual([]);
    expect(await answer(await fresh())).toBe(7);
  });

  test.each<[string, () => void]>([
    ["a file", () => writeFileSync(cache, "")],
    [
      "a folder that others may write to",
      () => {
        mkdirSync(cache);
        chmodSync(cache, 0o777);
      },
    ],
    ["a folder that nobody can make", () => vi.stubEnv("PONDUS_CACHE", "/dev/null/pondus")],
    ...(isRoot
      ? [
          [
            "another user's folder",
            () => {
              mkdirSync(cache);
              chownSync(cache, 12345, 12345);
            },
          ] as [string, () => void],
        ]
      : [["a folder that is read-only", () => mkdirSync(cache, { mode: 0o500 })] as [string, () => void]]),
  ])("a cache that is %s is left alone", async (_, arrange) => {
    arrange();
    const pondus = await fresh();
    expect(await answer(pondus)).toBe(7);
    const { cacheFolder } = await import("../../src/host/node/cache-folder.ts");
    expect(cacheFolder()).not.toBe(process.env.PONDUS_CACHE);
    expect(statSync(cacheFolder()).mode & 0o777).toBe(0o700);
    if (statSync(cache, { throwIfNoEntry: false })?.isDirectory()) expect(readdirSync(cache)).toEqual([]);
  });

  test("an existing cache folder keeps its mode", async () => {
    mkdirSync(cache);
    chmodSync(cache, 0o755);
    expect(await answer(await fresh())).toBe(7);
    expect(statSync(cache).mode & 0o777).toBe(0o755);
    expect(libraries()).toHaveLength(2);
  });

  test("odd HOME, XDG_CACHE_HOME and TMPDIR", async () => {
    vi.stubEnv("PONDUS_CACHE", "");
    vi.stubEnv("XDG_CACHE_HOME", "relative");
    vi.stubEnv("HOME", join(folder, "home"));
    expect(await answer(await fresh())).toBe(7);
    expect(readdirSync(join(folder, "home", ".cache", "pondus")).length).toBeGreaterThan(0);
    for (const home of ["", "relative", "/dev/null"]) {
      vi.stubEnv("HOME", home);
      vi.stubEnv("TMPDIR", "/no/such/folder");
      expect(await answer(await fresh())).toBe(7);
    }
  });

  test("addresses in arrays of more than 2 GiB are 64 bits wide", async () => {
    const { compile } = await fresh();
    const { graph } = compile(({ x }) => ({ y: x.at(6e8 - 1) }), { x: [6e8] });
    const source = printC(compileGraph(graph, { vectorBytes: 16, registers: 16, mixedWidths: true }).program);
    expect(source.join()).toContain("4 * (599999999L)");
  });

  test("what fails leaves no compiler at work", async () => {
    const log = join(folder, "log");
    vi.stubEnv("CC", script(`echo begins >> ${log}; ${compiler} "$@"; code=$?; echo ended >> ${log}; exit $code`));
    const { compile, zeros } = await fresh();
    const program = compile(({ x }) => ({ y: x.add(zeros([2 ** 22, 2 ** 22])) }), { x: [1, 1] }, { backend: "native" });
    await expect(program.load()).rejects.toMatchObject({ code: "backend.memory" });
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines.filter((line) => line === "begins").length).toBeGreaterThan(1);
    expect(lines.filter((line) => line === "ended")).toHaveLength(lines.length / 2);
  });

  test("more memory than there is, in words", async () => {
    const { compile, zeros } = await fresh();
    for (const backend of ["native", "wasm", "reference"] as const) {
      const program = compile(({ x }) => ({ y: x.add(zeros([2 ** 22, 2 ** 22])) }), { x: [1, 1] }, { backend });
      await expect(program.load()).rejects.toMatchObject({ name: "PondusError", code: "backend.memory" });
    }
  });
});
