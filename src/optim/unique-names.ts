/** The names, with "#2", "#3", ... behind those that came before: saved states need one key for each parameter. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; taken.has(unique); n++) unique = `${name}#${n}`;
    taken.add(unique);
    return unique;
  });
}
