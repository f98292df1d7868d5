/**
 * Event time has two forms: RFC 3339 text with nine fractional digits (on every wire and in the graph, sorts as text) and epoch
 * milliseconds as a double (in the engine; keeps better than a microsecond until the year 2255).
 */
export type Timestamp = string;

export function fromEpochMs(epochMs: number): Timestamp {
  const whole = Math.floor(epochMs);
  const nanos = Math.round((epochMs - whole) * 1e6);
  return nanos >= 1e6 ? fromEpochMs(whole + 1) : `${new Date(whole).toISOString().slice(0, 23)}${pad6(nanos)}Z`;
}

export function fromEpochNanos(nanos: bigint): Timestamp {
  const millis = Number(nanos / 1_000_000n);
  return `${new Date(millis).toISOString().slice(0, 23)}${pad6(Number(nanos % 1_000_000n))}Z`;
}

/** Epoch milliseconds with fraction; NaN when the text is not an RFC 3339 time. */
export function toEpochMs(timestamp: Timestamp): number {
  if (timestamp.length === 30 && timestamp.charCodeAt(29) === 90) {
    return Date.parse(`${timestamp.slice(0, 23)}Z`) + Number(timestamp.slice(23, 29)) / 1e6;
  }
  const match = /^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d{2}:\d{2})$/.exec(timestamp);
  if (!match) return NaN;
  const fraction = Number(`0.${match[2] ?? '0'}`) * 1000;
  return Date.parse(match[1]!.replace(' ', 'T') + match[3]!.toUpperCase()) + fraction;
}

/** Any RFC 3339 form to the canonical one; null when it is not a time. Precision below a microsecond survives only in canonical input. */
export function canonicalTimestamp(timestamp: string): Timestamp | null {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?[Zz]$/.exec(timestamp);
  if (match && !Number.isNaN(Date.parse(`${match[1]}T${match[2]}Z`))) {
    return `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(9, '0')}Z`;
  }
  const epochMs = toEpochMs(timestamp);
  return Number.isNaN(epochMs) ? null : fromEpochMs(epochMs);
}

export function now(): Timestamp {
  return fromEpochMs(performance.timeOrigin + performance.now());
}

function pad6(value: number): string {
  return String(value).padStart(6, '0');
}
