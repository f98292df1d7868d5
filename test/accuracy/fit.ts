import { readFileSync } from 'node:fs';
import { calibrated, uncalibrated, type ConfidenceScale } from '../../ingest/correlate/confidence.js';
import { contentId } from '../../src/model/ids.js';
import type { Accuracy } from './accuracy.js';
import { calibrationOf } from './calibration.js';
import type { Judged } from './set.js';

interface Point {
  readonly set: string;
  readonly id: string;
  readonly right: boolean;
  /** As the solver gave it, before any scale. */
  readonly raw: number;
}

const folds = 5;
const temperatures = [0.2, 0.25, 0.33, 0.4, 0.5, 0.6, 0.75, 0.9, 1, 1.25, 1.5, 2, 3];
const ceilings = [0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 1];

/**
 * The scale of confidence, fitted on what earlier runs wrote with `--json`: every set weighs the same, however many cases it has. In each of
 * five folds by case id the scale is chosen by the log-loss of the other four alone; it is worth adopting when log-loss and Brier score
 * of what no choice has seen are better than those of the scale that the runs were made with.
 */
export function fitConfidence(files: readonly string[], inUse: ConfidenceScale): void {
  const points = files.flatMap(read(inUse));
  if (points.length === 0) throw new Error('none of these files has a case with a confidence');
  const unseen = points.map((point) => ({
    point,
    scale: choose(points.filter((other) => fold(other) !== fold(point))),
  }));
  const before = judge(points.map((point) => ({ point, scale: inUse })));
  const after = judge(unseen);
  const rows = [...new Set(points.map(({ set }) => set))].map((set) => [
    set,
    figures(judge(unseen.filter(({ point }) => point.set === set).map(({ point }) => ({ point, scale: inUse })))),
    figures(judge(unseen.filter(({ point }) => point.set === set))),
  ]);
  console.log(`${points.length} cases of ${rows.length} sets; log-loss, Brier, ECE: in use, and out of sample`);
  for (const row of [...rows, ['all, each set the same', figures(before), figures(after)]])
    console.log(row.join('   '));
  const better = after.logLoss < before.logLoss && after.brier < before.brier;
  const { temperature, ceiling } = choose(points);
  console.log(
    better
      ? `better out of sample: temperature ${temperature}, ceiling ${ceiling} (ingest/correlate/confidence.ts)`
      : 'not better out of sample: the scale in use stays',
  );
}

const read =
  (inUse: ConfidenceScale) =>
  (file: string): Point[] => {
    const { set, judged } = JSON.parse(readFileSync(file, 'utf8')) as Accuracy;
    return judged.flatMap(({ id, right, confidence }) =>
      confidence === null ? [] : [{ set, id, right, raw: uncalibrated(confidence, inUse) }],
    );
  };

interface Scaled {
  readonly point: Point;
  readonly scale: ConfidenceScale;
}

function choose(points: readonly Point[]): ConfidenceScale {
  let best: ConfidenceScale = { temperature: 1, ceiling: 1 };
  let least = Infinity;
  for (const temperature of temperatures) {
    for (const ceiling of ceilings) {
      const scale = { temperature, ceiling };
      const { logLoss } = judge(points.map((point) => ({ point, scale })));
      if (logLoss >= least - 1e-9) continue;
      least = logLoss;
      best = scale;
    }
  }
  return best;
}

type Losses = Readonly<Record<'logLoss' | 'brier' | 'ece', number>>;

/** Means over the sets, so that a large one does not speak for all. */
function judge(scaled: readonly Scaled[]): Losses {
  const bySet = new Map<string, Judged[]>();
  for (const { point, scale } of scaled) {
    const judged = { id: point.id, right: point.right, confidence: calibrated(point.raw, scale), wrong: [] };
    const list = bySet.get(point.set);
    if (list) list.push(judged);
    else bySet.set(point.set, [judged]);
  }
  const each = [...bySet.values()].map(calibrationOf);
  const mean = (pick: (losses: Losses) => number): number =>
    each.reduce((sum, one) => sum + pick(one), 0) / each.length;
  return { logLoss: mean((one) => one.logLoss), brier: mean((one) => one.brier), ece: mean((one) => one.ece) };
}

function figures({ logLoss, brier, ece }: Losses): string {
  return [logLoss, brier, ece].map((value) => value.toFixed(3)).join(' ');
}

function fold({ set, id }: Point): number {
  return parseInt(contentId(set, id).slice(0, 8), 16) % folds;
}
