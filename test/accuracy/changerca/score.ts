import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { caseFolders, labelFiles } from '../dataset.js';
import type { Told } from '../engine.js';
import type { AccuracyCase, Answer, Figures, Judged, Score } from '../set.js';
import { rolloutsBefore } from './cases.js';

const labelForm = z.array(
  z.object({
    id: z.string(),
    root_cause_change_service: z.string(),
    benign_change_services: z.array(z.string()),
    published_service_rca: z.record(z.string(), z.string()),
  }),
);
type Label = z.infer<typeof labelForm>[number];

/** What was not ranked counts as this in the mean rank, as in the paper. */
const unranked = 10;

/** HR@k: the guilty rollout is among the first k changed services that were told; ranks count changed services only. */
export async function scoreChangerca(folder: string, answers: readonly Answer[]): Promise<Score> {
  const labels = readLabels(folder);
  const judged = answers.map((answer): Judged & { readonly rank: number } => {
    const label = labels.get(answer.id)!;
    const ranking = rankingOf(answer, label);
    const place = ranking.findIndex(({ service }) => service === label.root_cause_change_service);
    const rank = place === -1 ? unranked : place + 1;
    const right = rank === 1;
    const told = ranking.map(({ service }) => service).join(', ') || 'nothing';
    return {
      id: answer.id,
      right,
      rank,
      confidence: ranking[0]?.confidence ?? null,
      wrong: right ? [] : [`blames ${told}, not ${label.root_cause_change_service}`],
    };
  });
  return { figures: figuresOf(judged.map(({ rank }) => rank)), judged };
}

/** What is easy: the newest, the oldest, any rollout; and what the paper and its repository report. */
export async function changercaBaselines(
  folder: string,
  cases: () => AsyncIterable<AccuracyCase>,
): Promise<Readonly<Record<string, Figures>>> {
  const labels = readLabels(folder);
  const latest: number[] = [];
  const earliest: number[] = [];
  const random: Figures[] = [];
  const direct = new Map<string, number[]>();
  for await (const { id } of cases()) {
    const label = labels.get(id)!;
    const rollouts = rolloutsBefore(folderOf(folder, id));
    const inTime = [...rollouts]
      .sort((a, b) => a.steps[0]!.startSecond - b.steps[0]!.startSecond)
      .map(({ service }) => service);
    const rankIn = (order: readonly string[]): number => {
      const place = order.indexOf(label.root_cause_change_service);
      return place === -1 ? unranked : place + 1;
    };
    earliest.push(rankIn(inTime));
    latest.push(rankIn([...inTime].reverse()));
    const choices = inTime.length;
    random.push({ 'HR@1': 1 / choices, 'HR@3': Math.min(1, 3 / choices), meanRank: (choices + 1) / 2 });
    for (const [method, service] of Object.entries(label.published_service_rca)) {
      const ranks = direct.get(method) ?? [];
      direct.set(method, [...ranks, service === label.root_cause_change_service ? 1 : unranked]);
    }
  }
  const average = (name: string): number => random.reduce((sum, row) => sum + row[name]!, 0) / random.length;
  return {
    'latest rollout': figuresOf(latest),
    'earliest rollout': figuresOf(earliest),
    random: { 'HR@1': average('HR@1'), 'HR@3': average('HR@3'), meanRank: average('meanRank') },
    ...Object.fromEntries([...direct].map(([method, ranks]) => [`${method} (stored)`, { 'HR@1': share(ranks, 1) }])),
    'ChangeRCA (published, 51 cases)': { 'HR@1': 0.882, 'HR@3': 1, meanRank: 1.14 },
  };
}

function figuresOf(ranks: readonly number[]): Figures {
  return {
    'HR@1': share(ranks, 1),
    'HR@3': share(ranks, 3),
    meanRank: ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length,
  };
}

function share(ranks: readonly number[], k: number): number {
  return ranks.filter((rank) => rank <= k).length / ranks.length;
}

/** Changes in the order they were told: the causes of the incidents that are open when it is detected, then of those that are over. */
function rankingOf({ told }: Answer, label: Label): { readonly service: string; readonly confidence: number }[] {
  const changed = new Set([label.root_cause_change_service, ...label.benign_change_services]);
  const ranking = new Map<string, number>();
  const over = ({ status }: Told): boolean => status === 'RESOLVED';
  for (const { rootCauses } of [...told.filter((one) => !over(one)), ...told.filter(over)])
    for (const { category, entity, confidence } of rootCauses)
      if (category.startsWith('change.') && changed.has(entity.name) && !ranking.has(entity.name))
        ranking.set(entity.name, confidence);
  return [...ranking].map(([service, confidence]) => ({ service, confidence }));
}

function readLabels(folder: string): ReadonlyMap<string, Label> {
  return new Map(
    labelFiles(folder)
      .flatMap((file) => labelForm.parse(JSON.parse(readFileSync(file, 'utf8'))))
      .map((label) => [label.id, label]),
  );
}

function folderOf(folder: string, id: string): string {
  const found = caseFolders(folder)
    .map((half) => join(half, id))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${folder} has no case ${id}`);
  return found;
}
