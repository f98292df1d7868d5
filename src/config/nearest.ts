/** The candidate that a person most likely meant: fewest edits, at most a third of its length; null when none is near. */
export function nearest(given: string, candidates: readonly string[]): string | null {
  let best: { readonly name: string; readonly edits: number } | null = null;
  for (const name of candidates) {
    const edits = distance(plain(given), plain(name));
    if (edits <= Math.max(2, Math.floor(name.length / 3)) && (best === null || edits < best.edits))
      best = { name, edits };
  }
  return best?.name ?? null;
}

/** `minEvents`, `min-events` and `min_events` are the same word, and so are `nats_url` and `nats.url`. */
function plain(name: string): string {
  return name.replace(/[._-]/g, '').toLowerCase();
}

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours count one each. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, rows[i - 2]![j - 2]! + 1);
      row.push(edits);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
