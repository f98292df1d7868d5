/** Equality-based label selectors: every pair of the selector must be among the labels. An empty selector selects nothing here. */
export type Labels = Readonly<Record<string, string>>;

export function selects(selector: Labels | null, labels: Labels): boolean {
  if (selector === null) return false;
  let pairs = 0;
  for (const key in selector) {
    if (labels[key] !== selector[key]) return false;
    pairs++;
  }
  return pairs > 0;
}

/** `app=cart,tier=web`, sorted, as kubectl writes it. */
export function selectorText(selector: Labels): string {
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

/** Share of the selector's pairs whose key is there, and value nearly so (edit distance at most 2): how near a miss it is, 0 to 1. */
export function selectorResemblance(selector: Labels, labels: Labels): number {
  const pairs = Object.entries(selector);
  if (pairs.length === 0) return 0;
  let near = 0;
  for (const [key, value] of pairs) {
    const other = labels[key];
    if (other === value) near += 1;
    else if (other !== undefined && editDistanceAtMost(value, other, 2)) near += 0.8;
    else if (Object.values(labels).includes(value)) near += 0.5;
  }
  return near / pairs.length;
}

/** Optimal string alignment distance (a swap of neighbours counts one), cut off at `limit`. */
export function editDistanceAtMost(a: string, b: string, limit: number): boolean {
  if (Math.abs(a.length - b.length) > limit) return false;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substitute, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]! <= limit;
}
