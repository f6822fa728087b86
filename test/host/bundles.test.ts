import { afterAll, describe, expect, test } from "vitest";
import { bundlers, Project } from "../support/browser/bundlers.ts";

const project = new Project();
afterAll(() => project.remove());

/** The whole public interface, as the README imports it. */
const everything = `
  import { compile, grad, nn, ode, optim, weigh, explain } from "pondus";
  globalThis.pondus = { compile, grad, nn, ode, optim, weigh, explain };
`;

describe.each(Object.keys(bundlers))("%s", (name) => {
  test("bundles everything for a page without a warning, a stub or a polyfill", async () => {
    const { code, warnings } = await bundlers[name](project.page("everything.js", everything));
    expect(warnings).toEqual([]);
    expect(code).not.toMatch(/node:[a-z]+["']/);
    expect(code).not.toMatch(/\bprocess\.|\bBuffer\.|\brequire\(|\bimport\.meta\b|__vite-browser-external/);
  });
});
