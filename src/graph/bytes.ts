/**
 * A whole number with its digits in threes: `21,249`. Beyond 2^53 a Number no longer holds every digit: then four that
 * count, and it says so: `about 1,235,000,000,000,000,000`.
 */
export function formatWhole(n: number): string {
  if (!Number.isFinite(n) || Number.isSafeInteger(n)) return n.toLocaleString("en-US");
  const digits = BigInt(Number(n.toPrecision(4)));
  // What four digits hold exactly is not "about", though a Number might not hold its neighbours.
  return `${digits === BigInt(n) ? "" : "about "}${digits.toLocaleString("en-US")}`;
}

const units = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

/** A size to remember: decimal units, two digits after the point: `8.00 TB`. Below a kilobyte `999 bytes`. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let size = bytes / 1000;
  let unit = 0;
  while (Number(size.toFixed(2)) >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size.toFixed(2)} ${units[unit]}`;
}

/** To the byte and in a size to remember: `8,000,000,000,000 bytes (8.00 TB)`. */
export function formatBytes(bytes: number): string {
  return bytes < 1000 ? formatSize(bytes) : `${formatWhole(bytes)} bytes (${formatSize(bytes)})`;
}
