import type { Judged } from './set.js';

export interface Calibration {
  /** Expected calibration error over ten bins of equal width (Naeini et al., AAAI 2015): 0 is perfect. */
  readonly ece: number;
  /** Mean squared distance of confidence and outcome (Brier, 1950). */
  readonly brier: number;
  readonly logLoss: number;
  /** One point for each bin that has cases. */
  readonly curve: readonly { readonly confidence: number; readonly right: number; readonly cases: number }[];
  /** Share of all cases told with confidence 0.7 or more, and wrong. */
  readonly confidentlyWrong: number;
}

const bins = 10;
const confident = 0.7;
/** log 0 is not finite: no confidence counts as surer than this. */
const surest = 0.999;

/** How far the confidence of what was told can be believed. Cases without a confidence count as not told. */
export function calibrationOf(judged: readonly Judged[]): Calibration {
  const told = judged.filter((each): each is Judged & { confidence: number } => each.confidence !== null);
  const binned = Array.from({ length: bins }, (): (typeof told)[number][] => []);
  for (const each of told) binned[Math.min(bins - 1, Math.floor(each.confidence * bins))]!.push(each);
  const curve = binned
    .filter((bin) => bin.length > 0)
    .map((bin) => ({
      confidence: mean(bin.map(({ confidence }) => confidence)),
      right: mean(bin.map(({ right }) => (right ? 1 : 0))),
      cases: bin.length,
    }));
  return {
    ece:
      curve.reduce((sum, { confidence, right, cases }) => sum + Math.abs(confidence - right) * cases, 0) /
      Math.max(1, told.length),
    brier: mean(told.map(({ confidence, right }) => (confidence - (right ? 1 : 0)) ** 2)),
    logLoss: mean(
      told.map(({ confidence, right }) => {
        const bounded = Math.min(surest, Math.max(1 - surest, confidence));
        return -Math.log(right ? bounded : 1 - bounded);
      }),
    ),
    curve,
    confidentlyWrong:
      judged.length === 0
        ? 0
        : told.filter(({ confidence, right }) => !right && confidence >= confident).length / judged.length,
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
