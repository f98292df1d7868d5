/**
 * From the posterior against the alternatives that were seen to a confidence that can be believed: the log-odds divided by a temperature
 * (Guo et al., On Calibration of Modern Neural Networks, ICML 2017), and a ceiling for what neither evidence nor rules know of.
 */
export interface ConfidenceScale {
  readonly temperature: number;
  readonly ceiling: number;
}

/** Beyond these odds a posterior says no more about being right. */
const surest = 0.999;

/**
 * Fitted by `npm run accuracy -- --fit` on the development halves of six sets (docs/accuracy.md). The fit itself would be sharper still
 * (0.2): incidents that nobody has developed on are surely told less well.
 */
export const confidenceScale: ConfidenceScale = { temperature: 0.33, ceiling: 0.99 };

/** What falls to each of several answers, by their odds against the first; what the ceiling takes from them falls to none. */
export function shares(odds: readonly number[], { temperature, ceiling }: ConfidenceScale): number[] {
  const scaled = odds.map((each) => each ** (1 / temperature));
  const total = scaled.reduce((sum, each) => sum + each, 0);
  return scaled.map((each) => (ceiling * each) / total);
}

/** The same for one answer against all others taken as one, which is all that a reader of confidences knows. */
export function calibrated(posterior: number, scale: ConfidenceScale): number {
  return shares([1, 1 / bounded(posterior) - 1], scale)[0]!;
}

/** What {@link calibrated} made this of, within its bounds. */
export function uncalibrated(confidence: number, { temperature, ceiling }: ConfidenceScale): number {
  const scaled = bounded(confidence / ceiling);
  const odds = (scaled / (1 - scaled)) ** temperature;
  return odds / (1 + odds);
}

function bounded(probability: number): number {
  return Math.min(surest, Math.max(1 - surest, probability));
}
