import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nn } from "pondus";
import { defineSystem, type Outcome, train } from "pondus/experiment";
import { afterAll, expect, test } from "vitest";
import { listOthers, type MetricTable, tableLines } from "../../src/experiment/metric-table.ts";

const scratch = mkdtempSync(join(tmpdir(), "pondus-tables-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const metrics = {
  rmse: 2,
  by: { forms: { plain: { knobs: 12_345, loss: 0.123456 }, "a = b": { knobs: 7, good: true, extra: 1 } } },
};
const table: MetricTable = {
  title: "Forms & losses",
  of: "by.forms",
  heading: "form",
  columns: { knobs: "knobs", loss: "loss", good: "good" },
};

test("a table's rows are groups of metrics; what it does not show stays in the list", () => {
  expect(tableLines(table, metrics)).toEqual([
    ["form", "knobs", "loss", "good"],
    ["plain", "12,345", "0.1235", ""],
    ["a = b", "7", "", "yes"],
  ]);
  expect(listOthers(metrics, [table])).toEqual([
    ["rmse", 2],
    ["by.forms.a = b.extra", 1],
  ]);
});

const page = (outcome: unknown) =>
  defineSystem({
    name: "forms",
    title: "Forms",
    summary: "Nothing is learned.",
    model: () => nn.dense(1, 1),
    train: () => outcome as Outcome,
  });

test("the report has tables and texts, escaped; run.json has the texts", async () => {
  const samples = [{ title: "At <0.7>", text: "<b>so & so</b>\n  on" }];
  const out = join(scratch, "told");
  const result = await train(page({ metrics, tables: [table], samples }), { out });
  expect(result).toMatchObject({ tables: [table], samples });
  expect(JSON.parse(readFileSync(join(out, "run.json"), "utf8"))).toMatchObject({ metrics, samples });
  const report = readFileSync(join(out, "report.html"), "utf8");
  for (const part of [
    "<h2>Forms &amp; losses</h2>",
    "<tr><td>plain</td><td>12,345</td><td>0.1235</td><td></td></tr>",
    "<h2>At &lt;0.7&gt;</h2>\n<blockquote>&lt;b&gt;so &amp; so&lt;/b&gt;\n  on</blockquote>",
  ]) {
    expect(report).toContain(part);
  }
});

test.each([
  [{ tables: 3 }, /a list of tables, but a number came/],
  [{ tables: [{ ...table, heading: undefined }] }, /one of them is missing from tables\[0\]/],
  [
    { tables: [{ ...table, of: "by.forms.plain.knobs" }] },
    /metrics\.by\.forms\.plain\.knobs, which tables\[0\] shows, is no group/,
  ],
  [{ samples: [{ title: "one" }] }, /samples with title and text, but one of them is missing from samples\[0\]/],
])("an outcome that is none: %#", async (part, message) => {
  await expect(train(page({ metrics, ...part }), { out: join(scratch, "none") })).rejects.toThrow(message);
});
