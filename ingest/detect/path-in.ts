/** The first path at or after a place in a text, with what stands before its first slash: `base/16384/2619` is within a program's own directory. */
export function pathIn(text: string, from: number): string | null {
  const found = /(?:\/[\w.@%+-]+)+\/?/.exec(text.slice(from));
  if (!found) return null;
  const at = from + found.index;
  return `${/[\w.@%+-]*$/.exec(text.slice(Math.max(0, at - 64), at))![0]}${found[0]}`;
}
