/** Text such as `30s`, `1m30s`, `250ms` to milliseconds; null when it is not a duration. A bare number is not one: its unit would be a guess. */
export function parseDuration(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * unitMs[unit as keyof typeof unitMs];
  }
  return totalMs;
}

/** Text such as `64MiB`, `1.5 GB`, `4096` to bytes, rounded down; null when it is not a size. KiB is 1024 (IEC 80000-13), kB is 1000. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(B|[kKMGT]i?B)?$/.exec(text);
  if (!match) return null;
  const unit = match[2] ?? 'B';
  const power = 'BKMGT'.indexOf(unit.charAt(0).toUpperCase());
  return Math.floor(Number(match[1]) * (unit.includes('i') ? 1024 : 1000) ** power);
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
