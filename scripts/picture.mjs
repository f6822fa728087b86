// `node scripts/picture.mjs`: trains the yeast system with seed 0 and draws two of its plots for the README, as docs/pictures/yeast.svg.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensure, root } from "./ensure.mjs";

await ensure();
const { train } = await import("../dist/experiment/index.js");
const { yeast } = await import("../dist/systems/index.js");
const { plotSvg, palette } = await import("../dist/experiment/report/plot-svg.js");
const { colorPlaces } = await import("../dist/experiment/report/plot.js");

const wanted = ["Growth", "The law of growth"];
const scratch = mkdtempSync(join(tmpdir(), "pondus-picture-"));
try {
  const { plots } = await train(yeast, { seed: 0, out: join(scratch, "run") });
  const file = join(root, "docs", "pictures", "yeast.svg");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, sideBySide(plots.filter(({ title }) => wanted.includes(title))));
  process.stderr.write(`Written to ${file}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Plots beside each other, each under its title and legend, on white: the page around it may be dark. */
function sideBySide(drawn) {
  const [width, height, top] = [680, 360, 66];
  // A name has one colour in all of them: a plot without a series has an empty one in its place.
  const names = [...new Set(drawn.flatMap(({ series }) => series.map(({ name }) => name)))];
  const empty = (name) => ({ name, kind: "line", x: [], y: [] });
  const parts = drawn.map((found, i) => {
    const series = names.map((name) => found.series.find((one) => one.name === name) ?? empty(name));
    const plot = { ...found, series };
    // Twice the width of one: a page that shows both in its column makes them smaller, but they are to be read.
    const inner = plotSvg(plot).replace("<svg ", `<svg y="${top}" `).replace("font-size:12px", "font-size:17px");
    const title = `<text x="60" y="24" font-size="22" font-weight="600">${escaped(plot.title)}</text>`;
    return `<g transform="translate(${i * width},0)">${title}${legend(plot.series)}${inner}</g>`;
  });
  const size = `width="${drawn.length * width}" height="${top + height}"`;
  const view = `viewBox="0 0 ${drawn.length * width} ${top + height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${view} color="#1b1b1b" fill="#1b1b1b" font-family="system-ui, sans-serif">
<rect width="100%" height="100%" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}

function legend(series) {
  const colors = colorPlaces(series);
  let x = 60;
  const entries = series.map(({ name, kind, x: points }, i) => {
    if (points.length === 0) return "";
    const color = palette[colors[i] % palette.length];
    const key =
      kind === "dots"
        ? `<circle cx="${x + 9}" cy="47" r="5" fill="${color}"/>`
        : `<rect x="${x}" y="${kind === "line" ? 46 : 41}" width="18" height="${kind === "line" ? 2 : 12}" fill="${color}" fill-opacity="${kind === "line" ? 1 : 0.3}"/>`;
    const text = `<text x="${x + 24}" y="53" font-size="18" fill="#555">${escaped(name)}</text>`;
    x += 46 + 9.6 * name.length;
    return key + text;
  });
  return entries.join("");
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
