const self: string | undefined = import.meta.url;

/** Where the package's own modules lie, as a URL that ends with "/"; undefined where they were bundled into another file. */
export const ownFolder: string | undefined = /\/host\/node\/own-code\.[jt]s$/.test(self ?? "")
  ? new URL("../..", self).href
  : undefined;
