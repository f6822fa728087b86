import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Serves texts by path to this machine alone. Below /isolated/ a page may share memory with its workers. */
export async function serve(texts: { readonly [path: string]: string }): Promise<{ origin: string; close(): void }> {
  const server = createServer(({ url = "" }, response) => {
    const isIsolated = url.startsWith("/isolated/");
    const text = texts[isIsolated ? url.slice("/isolated".length) : url];
    response.writeHead(text === undefined ? 404 : 200, {
      "content-type": url.endsWith(".js") ? "text/javascript" : "text/html",
      ...(isIsolated && {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      }),
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => void server.close() };
}
