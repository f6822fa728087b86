import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { bundlers, Project } from "../support/browser/bundlers.ts";

const project = new Project();
afterAll(() => project.remove());

const train = `
  const net = nn.sequential(nn.dense(2, 16), nn.tanh, nn.dense(16, 1));
  nn.initialize(net, 1);
  const [x, y] = [tensor([[0, 0], [0, 1], [1, 0], [1, 1]]), tensor([[0], [1], [1], [0]])];
  await optim.fit({ loss: nn.mse(net(x), y), optimizer: optim.adam({ learningRate: 1e-2 }), steps: 500 });
  const { out } = await compile(() => ({ out: net(x) }), {}).run();
  globalThis.out = out.data;
`;

interface Page {
  /** The most that it may weigh in kB, minified and compressed by gzip. */
  readonly most: number;
  /** Bundled by these (default: by each). */
  readonly by?: readonly string[];
  readonly source: string;
}

const pages: { readonly [what: string]: Page } = {
  "tensors alone: expressions are built, to be shown or sent": {
    most: 17,
    source: `
      import { tensor } from "pondus/tensor";
      globalThis.y = tensor([1, 2, 3]).mul(2).sum();
    `,
  },
  "a network is trained": {
    most: 110,
    source: `
      import { compile, tensor } from "pondus";
      import * as nn from "pondus/nn";
      import * as optim from "pondus/optim";
      ${train}
    `,
  },
  // esbuild keeps all of a namespace that one module hands on to another, so it is given them where they begin.
  "the same, all from the main entry": {
    most: 110,
    by: ["Vite", "Rolldown"],
    source: `
      import { compile, nn, optim, tensor } from "pondus";
      ${train}
    `,
  },
};

test.each(Object.entries(pages))("%s", async (what, { most, by = Object.keys(bundlers), source }) => {
  for (const name of by) {
    const { code, warnings } = await bundlers[name](project.page("page.js", source));
    expect(warnings).toEqual([]);
    const size = gzipSync(code, { level: 9 }).length / 1000;
    console.log(`${what}: ${size.toFixed(1)} kB by ${name}, of ${most}`);
    expect(size).toBeLessThan(most);
  }
});
