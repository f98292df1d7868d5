import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { labelFiles } from '../dataset.js';
import type { Told } from '../engine.js';
import type { AccuracyCase, Answer, Figures, Judged, Score } from '../set.js';

const labelForm = z.array(
  z.object({
    id: z.string(),
    difficulty: z.string(),
    root_cause_commit: z.string(),
    first_failing_service: z.string(),
    blast_radius: z.array(z.string()),
    decoy_deploy_commits: z.array(z.string()),
  }),
);
type Label = z.infer<typeof labelForm>[number];

/**
 * exact: the guilty commit, or that there is none; decoy: how often a commit is blamed that was planted to mislead (a count: it has to be
 * 0); firstFailing: the first service that failed; blast: Jaccard index of the services dragged down.
 */
export async function scoreRootcausebench(folder: string, answers: readonly Answer[]): Promise<Score> {
  const labels = readLabels(folder);
  let decoys = 0;
  let first = 0;
  let blast = 0;
  const judged = answers.map((answer): Judged => {
    const label = labels.get(answer.id)!;
    const blamed = blamedIn(answer.told);
    const right = blamed.commit === label.root_cause_commit;
    const decoy = label.decoy_deploy_commits.includes(blamed.commit);
    decoys += Number(decoy);
    first += Number(blamed.firstFailing === label.first_failing_service);
    blast += jaccard(blamed.blast, label.blast_radius);
    return {
      id: answer.id,
      right,
      confidence: blamed.confidence,
      wrong: right ? [] : [`blames ${blamed.commit}${decoy ? ' (decoy)' : ''}, not ${label.root_cause_commit}`],
    };
  });
  const of = Math.max(1, answers.length);
  const figures = {
    exact: judged.filter(({ right }) => right).length / of,
    decoy: decoys,
    firstFailing: first / of,
    blast: blast / of,
  };
  return { figures, judged };
}

/** Scripts and models of the set's own report, over all 24 incidents; of what is easy, what these cases give. */
export async function rootcausebenchBaselines(
  folder: string,
  cases: () => AsyncIterable<AccuracyCase>,
): Promise<Readonly<Record<string, Figures>>> {
  const labels = readLabels(folder);
  let count = 0;
  let latest = 0;
  let none = 0;
  let decoys = 0;
  for await (const { id, events } of cases()) {
    const label = labels.get(id)!;
    const firedAt = events.find(({ type }) => type === 'alert')?.timestamp ?? '';
    const deploys = events.filter(({ data, timestamp }) => data.what === 'deploy' && timestamp <= firedAt);
    const reference = deploys.at(-1)?.data.reference;
    const commit = typeof reference === 'string' ? reference : 'none';
    count += 1;
    latest += Number(commit === label.root_cause_commit);
    decoys += Number(label.decoy_deploy_commits.includes(commit));
    none += Number(label.root_cause_commit === 'none');
  }
  const of = Math.max(1, count);
  return {
    'latest deploy': { exact: latest / of, decoy: decoys },
    'always none': { exact: none / of, decoy: 0 },
    'scripted heuristic (published)': { exact: 7 / 24 },
    'claude-haiku-4.5 (published)': { exact: 0.47 },
    'qwen3-235b (published)': { exact: 0.75 },
    'best models (published)': { exact: 1 },
  };
}

interface Blamed {
  readonly commit: string;
  readonly confidence: number | null;
  readonly firstFailing: string | null;
  readonly blast: readonly string[];
}

/** The incident that blames a commit, the surest first; else the first that was told: what it blames is not a commit. */
function blamedIn(told: readonly Told[]): Blamed {
  const commitOf = ({ rootCauses }: Told): string | undefined =>
    rootCauses[0]?.event.attributes.find(({ name }) => name === 'commit')?.value;
  const blaming = told.filter((one) => commitOf(one) !== undefined).sort((a, b) => b.confidence - a.confidence);
  const chosen = blaming[0] ?? told[0];
  if (chosen === undefined) return { commit: 'none', confidence: null, firstFailing: null, blast: [] };
  const affected = chosen.affected.map(({ entity }) => entity).filter(({ kind }) => kind === 'Deployment');
  const [firstFailing = null, ...rest] = affected.map(({ name }) => name);
  const others = told
    .flatMap((one) => one.affected.map(({ entity }) => entity))
    .filter(({ kind }) => kind === 'Deployment');
  return {
    commit: commitOf(chosen) ?? 'none',
    confidence: chosen.confidence,
    firstFailing,
    blast: [...new Set([...rest, ...others.map(({ name }) => name)])].filter((name) => name !== firstFailing),
  };
}

function jaccard(a: readonly string[], b: readonly string[]): number {
  const all = new Set([...a, ...b]);
  return all.size === 0 ? 1 : a.filter((name) => b.includes(name)).length / all.size;
}

function readLabels(folder: string): ReadonlyMap<string, Label> {
  return new Map(
    labelFiles(folder)
      .flatMap((file) => labelForm.parse(JSON.parse(readFileSync(file, 'utf8'))))
      .map((label) => [label.id, label]),
  );
}
