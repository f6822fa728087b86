import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 as browser } from "../../src/host/browser/digest.ts";
import { sha256 as node } from "../../src/host/node/digest.ts";

/** Of FIPS 180-4's own example messages, and a million times "a". */
const published: [message: string, digest: string][] = [
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

test.each(published)("the published digest of %.20s", (message, digest) => {
  expect(browser(message)).toBe(digest);
  expect(node(message)).toBe(digest);
});

test("both sides give the same of any bytes and texts, however they are cut", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, fc.string({ unit: "binary" }))), (parts) => {
      expect(browser(...parts)).toBe(node(...parts));
    }),
  );
  for (let n = 0; n < 200; n++) {
    const ones = new Uint8Array(n).fill(1);
    expect(browser(ones.subarray(0, n >> 1), ones.subarray(n >> 1))).toBe(node(ones));
  }
});
