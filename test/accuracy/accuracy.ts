import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { allDimensions, type Dimensions } from '../../ingest/correlate/candidates.js';
import { confidenceScale } from '../../ingest/correlate/confidence.js';
import { packageRoot } from '../../src/config/package-root.js';
import { calibrationOf, type Calibration } from './calibration.js';
import { changerca } from './changerca/set.js';
import { cloudOpsBench } from './cloud_opsbench/set.js';
import { openDataset } from './dataset.js';
import { createEngine } from './engine.js';
import { fitConfidence } from './fit.js';
import { measureLoghub } from './loghub.js';
import { nezhaTrainTicket } from './nezha_tt/set.js';
import { petshop } from './petshop/set.js';
import { recordings } from './recordings.js';
import { rootcausebench } from './rootcausebench/set.js';
import { printAblations, printAccuracy } from './report.js';
import { scenarios } from './scenarios/set.js';
import { tvdiag } from './tvdiag/set.js';
import type { AccuracyCase, Answer, Figures, Judged, LabelledSet, Measured, Score } from './set.js';

const sets: Readonly<Record<string, LabelledSet>> = {
  recordings,
  cloud_opsbench: cloudOpsBench,
  nezha_tt: nezhaTrainTicket,
  changerca,
  petshop,
  rootcausebench,
  tvdiag,
  scenarios,
};
/** Of one part alone, measured without the pipeline. */
const parts: Readonly<Record<string, (folder: string, only: RegExp | null) => Promise<Measured>>> = {
  loghub_2k: measureLoghub,
};
const names = [...Object.keys(sets), ...Object.keys(parts)].join(', ');

interface Given {
  readonly set?: string;
  readonly fit?: readonly string[];
  readonly data?: string;
  readonly json?: string;
  readonly only?: string;
  readonly ablations: boolean;
}

/** What `--json` writes. */
export interface Accuracy {
  readonly set: string;
  readonly cases: number;
  readonly figures: Figures;
  readonly baselines: Readonly<Record<string, Figures>>;
  /** The figures with one dimension (`-temporal`) or one source (`-kubernetes`) left out. */
  readonly ablations: Readonly<Record<string, Figures>>;
  readonly calibration: Calibration;
  readonly judged: readonly Judged[];
  readonly seconds: number;
}

/** `npm run accuracy -- --set NAME --data DIR --json FILE`: scores the engine on a labelled set and prints what it got wrong. */
const program: Command = new Command('accuracy')
  .option('--set <name>', `one of ${names}`)
  .option('--data <folder>', 'where the set is: cases, packed or not, and labels*.json')
  .option('--json <file>', 'write the figures there, at once and again after each ablation')
  .option('--only <regex>', 'only the cases whose id matches')
  .option('--fit <files...>', 'instead of a set: fit the scale of confidence on what --json has written')
  .option('--no-ablations', 'do not run the set again without each dimension and each source')
  .action(async (given: Given) => {
    if (given.fit !== undefined) {
      fitConfidence(given.fit, confidenceScale);
      return;
    }
    if (given.set === undefined)
      program.error(`--set has to name a set, one of ${names}; or --fit the results of some`);
    const set = sets[given.set];
    const part = parts[given.set];
    if (!set && !part) program.error(`there is no set ${given.set}; it must be one of ${names}`);
    const wanted = given.data ?? (set?.folder ? join(packageRoot(), set.folder) : null);
    if (wanted === null) program.error(`--data has to say where the set ${given.set} is`);
    const dataset = openDataset(wanted);
    const startedMs = performance.now();
    const only = given.only === undefined ? null : new RegExp(given.only);
    try {
      const outcomes = set
        ? measure(set, dataset.folder, only, given.ablations)
        : [{ ...(await part!(dataset.folder, only)), ablations: {} }];
      let accuracy: Accuracy | null = null;
      for await (const { judged, ...measured } of outcomes) {
        const first = accuracy === null;
        accuracy = {
          set: given.set,
          cases: judged.length,
          ...measured,
          calibration: calibrationOf(judged),
          judged,
          seconds: Math.round((performance.now() - startedMs) / 100) / 10,
        };
        // Ablations take many times as long: what is known is told, and kept, before they begin.
        if (first) printAccuracy(accuracy);
        if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify(accuracy, null, 2)}\n`);
      }
      if (accuracy !== null) printAblations(accuracy);
    } finally {
      dataset.remove();
    }
  });

type Outcome = Pick<Accuracy, 'figures' | 'baselines' | 'ablations'> & { readonly judged: readonly Judged[] };

/** The set as it is, and then again with each ablation that has been run since. */
async function* measure(
  set: LabelledSet,
  folder: string,
  only: RegExp | null,
  ablate: boolean,
): AsyncGenerator<Outcome> {
  const score = async (name: string, dimensions: Dimensions, without: string | null): Promise<Score> => {
    const engine = await createEngine({ dimensions }, set.experience?.() ?? null);
    const answers: Answer[] = [];
    for await (const { id, group, events, settleMs } of casesOf(set, folder, only)) {
      const left = without === null ? events : events.filter((event) => !set.sources[without]!(event));
      answers.push({ id, group, told: await engine.explain(left, settleMs) });
      progress(`${name}: ${answers.length} cases`);
    }
    progress(null);
    return set.score(folder, answers);
  };

  const { figures, judged } = await score('all', allDimensions, null);
  const baselines = await set.baselines(folder, () => casesOf(set, folder, only));
  let ablations: Readonly<Record<string, Figures>> = {};
  yield { figures, judged, baselines, ablations };
  if (!ablate) return;
  const left = [
    ...Object.keys(allDimensions).map((name) => ({
      name,
      dimensions: { ...allDimensions, [name]: false },
      without: null,
    })),
    ...Object.keys(set.sources).map((name) => ({ name, dimensions: allDimensions, without: name })),
  ];
  for (const { name, dimensions, without } of left) {
    ablations = { ...ablations, [`-${name}`]: (await score(`-${name}`, dimensions, without)).figures };
    yield { figures, judged, baselines, ablations };
  }
}

async function* casesOf(set: LabelledSet, folder: string, only: RegExp | null): AsyncGenerator<AccuracyCase> {
  for await (const each of set.cases(folder)) if (only === null || only.test(each.id)) yield each;
}

/** A line that is written over, where a person watches. */
function progress(text: string | null): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(text === null ? '\r\u001b[K' : `\r\u001b[K${text}`);
}

await program.parseAsync();
