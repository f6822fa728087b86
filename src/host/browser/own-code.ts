/** Pages have the package's modules from a bundler, which may put them anywhere. */
export const ownFolder: string | undefined = undefined;
