import type { Accuracy } from './accuracy.js';
import type { Figures } from './set.js';

/** Tables for a person: ours beside what is easy and what was published, how sure it is, and what went wrong. */
export function printAccuracy(accuracy: Accuracy): void {
  const { set, cases, figures, baselines, calibration, judged, seconds } = accuracy;
  console.log(`${set}: ${cases} cases in ${seconds} s\n`);
  const names = Object.keys(figures);
  table(
    ['figure', 'ours', ...Object.keys(baselines)],
    names.map((name) => [name, shown(figures[name]), ...Object.values(baselines).map((row) => shown(row[name]))]),
  );
  const { ece, brier, logLoss, curve, confidentlyWrong } = calibration;
  if (curve.length > 0) {
    console.log(
      `\ncalibration: ECE ${shown(ece)}, Brier ${shown(brier)}, log-loss ${shown(logLoss)}, confidently wrong ${shown(confidentlyWrong)}`,
    );
    table(
      ['confidence', 'right', 'cases'],
      curve.map((bin) => [shown(bin.confidence), shown(bin.right), String(bin.cases)]),
    );
  }
  for (const { id, wrong } of judged.filter((each) => each.wrong.length > 0))
    console.log(`\n${id}\n  ${wrong.join('\n  ')}`);
}

/** What each dimension and each source is worth: the figures without it. */
export function printAblations({ figures, ablations }: Accuracy): void {
  if (Object.keys(ablations).length === 0) return;
  console.log('\nwithout');
  table(
    ['figure', 'all', ...Object.keys(ablations)],
    Object.keys(figures).map((name) => [
      name,
      shown(figures[name]),
      ...Object.values(ablations).map((row: Figures) => shown(row[name])),
    ]),
  );
}

function shown(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(3);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [head, ...rows])
    console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   '));
}
