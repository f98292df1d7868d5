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

export const confidenceScale: ConfidenceScale = { temperature: 1, ceiling: 1 };

export function calibrated(posterior: number, { temperature, ceiling }: ConfidenceScale): number {
  const odds = bounded(posterior) / (1 - bounded(posterior));
  const scaled = odds ** (1 / temperature);
  return (ceiling * scaled) / (1 + scaled);
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
