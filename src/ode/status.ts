/** How a solution stands, as the whole numbers that a program returns. */
export const status = { running: 0, done: 1, event: 2, tooMany: 3, stuck: 4, notFinite: 5, unsorted: 6 } as const;
