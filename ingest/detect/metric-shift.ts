/**
 * What is typical of a series, and how far a value is from it. The baseline is the median of a bounded history; its unit of distance is
 * the median absolute deviation, so that neither is moved by the outliers it is there to find (Hampel, "The influence curve and its role
 * in robust estimation", 1974). Values that are far off are kept out of the history while they go on. When they end they join it, as one
 * more thing that happens; when they have become the rule, they are what is typical. Deterministic in event time; one series holds at most `historyLength` values, and at most `maxSeries` are remembered.
 */
export interface MetricShifts {
  /**
   * Judges one value against what came before it, then learns from it. Values of one series come in order of time; one that is not a
   * finite number is passed over. Null while there is less history than `minHistory`, or for a value that was passed over.
   */
  observe(series: string, atMs: number, value: number): MetricJudgement | null;
  /** The baseline as it stands, without a new value; null while there is too little history. */
  baseline(series: string): MetricBaseline | null;
  readonly size: number;
}

export interface MetricBaseline {
  /** Median of the history. */
  readonly typical: number;
  /** Robust standard deviation: the larger of 1.4826 MAD, corrected for small samples, and the floors. */
  readonly spread: number;
  /** Values behind it. */
  readonly history: number;
  /** The extremes of the history, past outliers among them: what has happened before is no news when it happens again. */
  readonly lowest: number;
  readonly highest: number;
}

export interface MetricJudgement extends MetricBaseline {
  readonly value: number;
  /** Robust z: (value - typical) / spread. Positive is up. */
  readonly score: number;
  /** `up` or `down` when |score| reaches the threshold, null while it is within what is usual. */
  readonly shifted: 'up' | 'down' | null;
  /** Event time, epoch ms, at which the present run of shifted values began; null while it is within what is usual. */
  readonly sinceMs: number | null;
  /** Values in that run, this one counted. */
  readonly run: number;
}

export interface MetricShiftOptions {
  /** |robust z| from which a value is shifted. 3.5 is the usual cut-off (Iglewicz and Hoaglin, 1993); the default is wider: series are many. */
  readonly threshold?: number;
  /** Values needed before anything is judged. */
  readonly minHistory?: number;
  /** Values kept. */
  readonly historyLength?: number;
  /** Values older than this, in event time, are forgotten. */
  readonly historyMs?: number;
  /** Least spread as a part of the typical value: a series that has never moved is not known to the last digit. */
  readonly relativeFloor?: number;
  /** Least spread in the unit of the series. */
  readonly absoluteFloor?: number;
  /** A shift that has lasted so many values, and so long, is what is typical from then on. */
  readonly adoptAfter?: number;
  readonly adoptAfterMs?: number;
  readonly maxSeries?: number;
}

interface Series {
  /** A ring in order of time, and the same values in order of size. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly sorted: Float64Array;
  head: number;
  length: number;
  /** The run of shifted values that are kept out. */
  readonly aside: { readonly atMs: number; readonly value: number }[];
  asideCount: number;
  asideSinceMs: number;
  asideUp: boolean;
}

/** MAD to standard deviation of a normal distribution. */
const madToSigma = 1.4826;
/** Croux and Rousseeuw, "Time-efficient algorithms for two highly robust estimators of scale", 1992: the MAD of few values is too small. */
const smallSample = [1, 1, 1.196, 1.495, 1.363, 1.206, 1.2, 1.14, 1.129, 1.107];

export function createMetricShifts(options: MetricShiftOptions = {}): MetricShifts {
  const {
    threshold = 5,
    minHistory = 5,
    historyLength = 60,
    historyMs = Infinity,
    relativeFloor = 0.05,
    absoluteFloor = 1e-9,
    adoptAfter = 30,
    adoptAfterMs = 1_800_000,
    maxSeries = 20_000,
  } = options;
  // Insertion order is order of use: a used series is taken out and put back.
  const known = new Map<string, Series>();

  function seriesOf(name: string): Series {
    let series = known.get(name);
    if (series) known.delete(name);
    else
      series = {
        times: new Float64Array(historyLength),
        values: new Float64Array(historyLength),
        sorted: new Float64Array(historyLength),
        head: 0,
        length: 0,
        aside: [],
        asideCount: 0,
        asideSinceMs: 0,
        asideUp: true,
      };
    known.set(name, series);
    if (known.size > maxSeries) known.delete(known.keys().next().value!);
    return series;
  }

  function baselineOf(series: Series): MetricBaseline | null {
    const { sorted, length } = series;
    if (length < minHistory) return null;
    const typical = median(sorted, length);
    const correction = smallSample[length] ?? length / (length - 0.8);
    const deviation = madToSigma * correction * medianDeviation(sorted, length, typical);
    return {
      typical,
      spread: Math.max(deviation, relativeFloor * Math.abs(typical), absoluteFloor),
      history: length,
      lowest: sorted[0]!,
      highest: sorted[length - 1]!,
    };
  }

  function learn(series: Series, atMs: number, value: number): void {
    if (series.length === historyLength) dropOldest(series);
    const at = (series.head + series.length) % historyLength;
    series.times[at] = atMs;
    series.values[at] = value;
    insert(series.sorted, series.length, value);
    series.length += 1;
  }

  function dropOldest(series: Series): void {
    remove(series.sorted, series.length, series.values[series.head]!);
    series.head = (series.head + 1) % historyLength;
    series.length -= 1;
  }

  /** The shift has become the rule: the old level is forgotten, what was kept aside is the history. */
  function adopt(series: Series): void {
    series.head = 0;
    series.length = 0;
    for (const { atMs, value } of series.aside) learn(series, atMs, value);
    clear(series);
  }

  function clear(series: Series): void {
    series.aside.length = 0;
    series.asideCount = 0;
  }

  return {
    observe(name, atMs, value) {
      if (!Number.isFinite(value)) return null;
      const series = seriesOf(name);
      while (series.length > 0 && atMs - series.times[series.head]! > historyMs) dropOldest(series);
      const baseline = baselineOf(series);
      if (baseline === null) {
        learn(series, atMs, value);
        return null;
      }
      const score = (value - baseline.typical) / baseline.spread;
      if (Math.abs(score) < threshold) {
        // It was an excursion: its values are among what is known to happen.
        for (const outlier of series.aside) learn(series, outlier.atMs, outlier.value);
        clear(series);
        learn(series, atMs, value);
        return { ...baseline, value, score, shifted: null, sinceMs: null, run: 0 };
      }
      const up = score > 0;
      if (series.asideCount === 0 || series.asideUp !== up) {
        clear(series);
        series.asideSinceMs = atMs;
        series.asideUp = up;
      }
      series.asideCount += 1;
      series.aside.push({ atMs, value });
      if (series.aside.length > historyLength) series.aside.shift();
      const { asideSinceMs: sinceMs, asideCount: run } = series;
      if (run >= adoptAfter && atMs - sinceMs >= adoptAfterMs) adopt(series);
      return { ...baseline, value, score, shifted: up ? 'up' : 'down', sinceMs, run };
    },
    baseline(name) {
      const series = known.get(name);
      return series ? baselineOf(series) : null;
    },
    get size() {
      return known.size;
    },
  };
}

function median(sorted: Float64Array, length: number): number {
  const middle = length >> 1;
  return length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median of |value - centre| of a sorted list, by walking outwards from the centre on both sides. */
function medianDeviation(sorted: Float64Array, length: number, centre: number): number {
  let right = 0;
  while (right < length && sorted[right]! < centre) right += 1;
  let left = right - 1;
  const wanted = length >> 1;
  let before = 0;
  let deviation = 0;
  for (let taken = 0; taken <= wanted; taken += 1) {
    before = deviation;
    const below = left >= 0 ? centre - sorted[left]! : Infinity;
    const above = right < length ? sorted[right]! - centre : Infinity;
    if (below <= above) left -= 1;
    else right += 1;
    deviation = Math.min(below, above);
  }
  return length % 2 === 1 ? deviation : (before + deviation) / 2;
}

/** Position of the first entry that is not less. */
function position(sorted: Float64Array, length: number, value: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(sorted: Float64Array, length: number, value: number): void {
  const at = position(sorted, length, value);
  sorted.copyWithin(at + 1, at, length);
  sorted[at] = value;
}

function remove(sorted: Float64Array, length: number, value: number): void {
  const at = position(sorted, length, value);
  sorted.copyWithin(at, at + 1, length);
}
