// Makes a clone ready to run: dependencies installed, `dist/` built. Node built-ins only, because it runs before anything is installed.
// Every message goes to stderr, so that what a command prints to stdout stays its own.

import { spawn } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The oldest Node that the project supports, as package.json states it (">=20.19"). */
export function checkNode() {
  const needed = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node.replace(">=", "");
  const [major, minor] = needed.split(".").map(Number);
  const [hereMajor, hereMinor] = process.versions.node.split(".").map(Number);
  if (hereMajor < major || (hereMajor === major && hereMinor < minor)) {
    stop(
      `Pondus needs Node ${needed} or newer, and this is Node ${process.versions.node}. Get a current one from https://nodejs.org.`,
    );
  }
}

/** Installs exactly what package-lock.json says, unless node_modules already holds that. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  const verb = existsSync(join(root, "package-lock.json")) ? "ci" : "install";
  await step(`Installing the dependencies (npm ${verb})`, () =>
    npm([verb, "--no-audit", "--no-fund", "--ignore-scripts"]),
  );
}

/** Builds `dist/` when a source file is newer than it. */
export async function ensureBuilt() {
  if (isBuilt()) return;
  if (!isWritable()) {
    // Somebody else's installation: what they built is what there is.
    if (existsSync(join(root, "dist", stamp))) return;
    stop(`Pondus has not been built yet, and you may not write to ${root}; run it once as the one who may.`);
  }
  await alone(async () => {
    if (!isBuilt()) await step("Building (tsc)", build);
  });
}

export async function ensure() {
  checkNode();
  await ensureInstalled();
  await ensureBuilt();
}

/** Runs a file with this Node, sharing the terminal; resolves to its exit status. Ctrl-C is for the child to answer. */
export function runNode(file, args) {
  const waitForChild = () => {};
  process.on("SIGINT", waitForChild);
  const child = spawn(process.execPath, [join(root, file), ...args], { cwd: root, stdio: "inherit" });
  return new Promise((resolve) => {
    child.on("close", (status, signal) => {
      process.off("SIGINT", waitForChild);
      resolve(status ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

/** npm leaves a record of what it installed in node_modules; only packages for other platforms may be missing from it. */
function isInstalled() {
  const wanted = readPackages("package-lock.json");
  const present = readPackages("node_modules/.package-lock.json");
  if (!present) return false;
  if (!wanted) return true;
  return Object.entries(wanted).every(
    ([path, { version, optional, link }]) =>
      path === "" || link || (path in present ? present[path].version === version : optional === true),
  );
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** Bears the time at which the build began, so that a file saved during the build counts as newer. */
const stamp = ".built";

function isWritable() {
  try {
    accessSync(root, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isBuilt() {
  const built = statSync(join(root, "dist", stamp), { throwIfNoEntry: false });
  if (!built) return false;
  const inputs = ["tsconfig.json", "tsconfig.build.json"].map((file) => statSync(join(root, file)).mtimeMs);
  return Math.max(...inputs, newest(join(root, "src"))) <= built.mtimeMs;
}

/** Folders count too: their time changes when a file in them is deleted. */
function newest(folder) {
  let time = statSync(folder).mtimeMs;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    time = Math.max(time, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return time;
}

/** Compiles into a folder of its own and renames it, so that `dist/` is always whole. */
async function build() {
  removeAbandonedBuilds();
  const began = new Date();
  const fresh = join(root, `dist-${process.pid}`);
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const result = await run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", fresh]);
  if (result.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    stop(`the sources do not compile:\n${result.said}`);
  }
  writeFileSync(join(fresh, stamp), "");
  utimesSync(join(fresh, stamp), began, began);
  rmSync(join(root, "dist"), { recursive: true, force: true });
  renameSync(fresh, join(root, "dist"));
}

/**
 * Runs `work` while no other command of this clone does: two that start at once must not replace `dist/` under each
 * other's feet. The lock names its holder, so that one left behind is known.
 */
async function alone(work) {
  const lock = join(root, "node_modules", ".pondus-build");
  while (!taken(lock)) await new Promise((resolve) => setTimeout(resolve, 100));
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function taken(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const holder = Number(readIfThere(lock));
    if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true });
    return false;
  }
}

/** A build that was interrupted leaves `dist-<process id>` behind. */
function removeAbandonedBuilds() {
  for (const name of readdirSync(root)) {
    const pid = /^dist-(\d+)$/.exec(name)?.[1];
    if (!pid || isRunning(Number(pid))) continue;
    try {
      rmSync(join(root, name), { recursive: true, force: true });
    } catch {
      // Its compiler is still writing; the next build removes it.
    }
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function npm(args) {
  const cli = process.env.npm_execpath?.endsWith("npm-cli.js") ? process.env.npm_execpath : undefined;
  const result = cli
    ? await run(process.execPath, [cli, ...args])
    : await run("npm", args, { shell: process.platform === "win32" });
  if (result.error)
    stop(`npm could not be started (${result.error.message}); it comes with Node and must be on the PATH.`);
  if (result.status !== 0) stop(`npm ${args[0]} failed:\n${result.said}`);
}

/** Runs a program in the project's folder and keeps what it says. */
function run(program, args, options = {}) {
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ error, said }));
    child.on("close", (status) => resolve({ status, said }));
  });
}

/** Says what is being done; on a terminal the seconds go by. */
async function step(what, work) {
  const began = performance.now();
  const seconds = (digits) => `${((performance.now() - began) / 1000).toFixed(digits)} s`;
  process.stderr.write(`${what} ... `);
  const live = process.stderr.isTTY && process.env.TERM !== "dumb";
  const clock = live && setInterval(() => process.stderr.write(`\r${what} ... ${seconds(0)} `), 1000);
  await work();
  clearInterval(clock);
  process.stderr.write(live ? `\r${what} ... ${seconds(1)} \n` : `${seconds(1)}\n`);
}

function stop(message) {
  process.stderr.write(`\n${message.trimEnd()}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensure();
