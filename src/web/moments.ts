const dayMs = 86_400_000;

/** API times have nine fractional digits, which Date takes. */
export function toMs(time: string): number {
  return Date.parse(time);
}

/** `19:27:35`; with `24 Nov` before it when it is not of the same UTC day as `nowMs`. */
export function clockTime(time: string, nowMs: number): string {
  const date = new Date(time);
  const clock = date.toISOString().slice(11, 19);
  if (Math.floor(date.getTime() / dayMs) === Math.floor(nowMs / dayMs)) return clock;
  return `${dayOf(date)} ${clock}`;
}

/** `24 Nov 2026 19:27:35 UTC`. */
export function fullTime(time: string): string {
  const date = new Date(time);
  return `${dayOf(date)} ${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)} UTC`;
}

function dayOf(date: Date): string {
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** `1 min 48 s`, `3 h 12 min`, `5 d 2 h`: two units, because a third is noise. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ];
  const first = units.findIndex(([, size]) => seconds >= size);
  const [large, size] = units[first]!;
  const [small, fine] = units[first + 1]!;
  const rest = Math.floor((seconds % size) / fine);
  return rest === 0
    ? `${Math.floor(seconds / size)} ${large}`
    : `${Math.floor(seconds / size)} ${large} ${rest} ${small}`;
}

/** Between cause and effect: `at once`, `630 ms`, `2.4 s`, and what clocks of different sources turn round says so. */
export function lag(ms: number): string {
  const length = Math.abs(ms);
  if (length < 1) return 'at the same moment';
  const size =
    length < 1_000
      ? `${Math.round(length)} ms`
      : length < 60_000
        ? `${(length / 1000).toFixed(1)} s`
        : duration(length);
  return ms < 0 ? `seen ${size} before its cause` : `${size} later`;
}
