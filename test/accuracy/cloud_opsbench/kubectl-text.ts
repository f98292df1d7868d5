/** One line of what `kubectl describe` prints, with the lines that are indented below it. */
export interface DescribedLine {
  /** What stands before the first colon; null where there is none. */
  readonly key: string | null;
  /** What stands after it, trimmed; the whole line where there is no key. */
  readonly value: string;
  /** The line as printed. */
  readonly raw: string;
  readonly below: DescribedLine[];
}

/** Text that kubectl prints where there is nothing. */
const nothing = /^(?:<none>|<unset>|<nil>|<unknown>|)$/;

/** `kubectl describe` as a tree by indentation: `Labels:` with its continuation lines below it. */
export function readDescription(text: string): DescribedLine[] {
  const top: DescribedLine[] = [];
  const open: { indent: number; line: DescribedLine }[] = [];
  for (const raw of text.split('\n')) {
    const trimmed = raw.trim();
    if (trimmed === '') continue;
    const indent = raw.length - raw.trimStart().length;
    const match = /^([^:]+):(?:\s+(.*))?$/.exec(trimmed);
    const line: DescribedLine = {
      key: match?.[1] ?? null,
      value: match ? (match[2] ?? '').trim() : trimmed,
      raw,
      below: [],
    };
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
    (open.at(-1)?.line.below ?? top).push(line);
    open.push({ indent, line });
  }
  return top;
}

export function lineOf(lines: readonly DescribedLine[], key: string): DescribedLine | undefined {
  return lines.find((line) => line.key === key);
}

/** The value of a key; undefined where it is not there or kubectl says that it is nothing. */
export function valueOf(lines: readonly DescribedLine[], key: string): string | undefined {
  const value = lineOf(lines, key)?.value;
  return value === undefined || nothing.test(value) ? undefined : value;
}

/** The value of a key and the lines that continue it. */
export function valuesOf(lines: readonly DescribedLine[], key: string): string[] {
  const line = lineOf(lines, key);
  if (!line) return [];
  return [line.value, ...line.below.map(({ raw }) => raw.trim())].filter((value) => !nothing.test(value));
}

/** `key=value` lines (labels, selectors), also several to a line, and `key: value` lines (annotations, resources). */
export function pairsOf(lines: readonly DescribedLine[], key: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const value of valuesOf(lines, key)) {
    if (/^[^\s=]+: /.test(value)) {
      const at = value.indexOf(': ');
      pairs[value.slice(0, at)] = value.slice(at + 2).trim();
      continue;
    }
    for (const part of value.split(',')) {
      const at = part.indexOf('=');
      if (at > 0) pairs[part.slice(0, at).trim()] = part.slice(at + 1).trim();
    }
  }
  return pairs;
}

/** Rows of a table that kubectl has aligned under its headings, by heading in lower case. The last column takes the rest of the line. */
export function readTable(lines: readonly string[]): Record<string, string>[] {
  const [heading, ...rows] = lines.filter((line) => line.trim() !== '');
  if (heading === undefined) return [];
  const columns = [...heading.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    name: match[0].toLowerCase(),
    from: match.index,
  }));
  return rows
    .filter((row) => !/^[\s-]+$/.test(row))
    .map((row) =>
      Object.fromEntries(
        columns.map(({ name, from }, i) => [name, row.slice(from, columns[i + 1]?.from).trim()] as const),
      ),
    );
}

/** The table below a heading of a description. */
export function tableOf(lines: readonly DescribedLine[], key: string): Record<string, string>[] {
  return readTable(flatten(lineOf(lines, key)?.below ?? []));
}

function flatten(lines: readonly DescribedLine[]): string[] {
  return lines.flatMap(({ raw, below }) => [raw, ...flatten(below)]);
}

const unitMs: Readonly<Record<string, number>> = {
  y: 365 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};

/** An age as kubectl prints it (`93s`, `2m15s`, `25d`) in milliseconds; null when it is none. */
export function ageMs(text: string): number | null {
  if (!/^(?:\d+[ydhms])+$/.test(text)) return null;
  return [...text.matchAll(/(\d+)([ydhms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * unitMs[unit!]!,
    0,
  );
}

/** `Fri, 21 Nov 2025 18:33:56 +0800` as RFC 3339; undefined when it is no time. */
export function describedTime(text: string | undefined): string | undefined {
  const epochMs = Date.parse(text ?? '');
  return Number.isNaN(epochMs) ? undefined : new Date(epochMs).toISOString();
}
