import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { MetricsRecord } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { labelFiles } from '../dataset.js';
import type { Told } from '../engine.js';
import type { AccuracyCase, Answer, Figures, Judged, Score } from '../set.js';
import { normalGroup, workloadOf } from './cases.js';

const labelForm = z.array(
  z.object({
    id: z.string(),
    target: z.object({ node: z.string() }),
    root_cause: z.object({ node: z.string() }),
  }),
);
const ks = [1, 3] as const;
const front = 'PetSite';

/** Top-k: the node that was to blame is among the first k that were told, by scenario and by what was alerted; and the mean of these. */
export async function scorePetshop(folder: string, answers: readonly Answer[]): Promise<Score> {
  const truths = readTruths(folder);
  const hits = new Map<string, number[][]>();
  const judged = answers.map((answer): Judged => {
    if (answer.group === normalGroup) return judgeNormal(answer);
    const { target, truth } = truths.get(answer.id)!;
    const ranking = rankingOf(answer, target);
    const place = ranking.findIndex(({ node }) => node === truth);
    note(hits, answer.group, place);
    const right = place === 0;
    return {
      id: answer.id,
      right,
      confidence: ranking[0]?.confidence ?? null,
      wrong: right ? [] : [`blames ${ranking.map(({ node }) => node).join(', ') || 'nothing'}, not ${truth}`],
    };
  });
  const normal = judged.filter((_, i) => answers[i]!.group === normalGroup);
  const silent = normal.filter(({ right }) => right).length / normal.length;
  return { figures: { ...figuresOf(hits), ...(normal.length > 0 && { 'normal.silent': silent }) }, judged };
}

/** Nothing is to be told of the node that all alerts of the set are on. */
function judgeNormal({ id, told }: Answer): Judged {
  const about = told.filter((one) => touches(one, workloadOf(front)));
  return { id, right: about.length === 0, confidence: null, wrong: about.map(({ title }) => `tells: ${title}`) };
}

/** Causes as they were told: of the incidents that the alerted node is a part of, the newest first; then of the others. */
function rankingOf({ told }: Answer, target: string): { readonly node: string; readonly confidence: number }[] {
  const ranking = new Map<string, number>();
  const newest = [...told].sort((a, b) => (a.openedAt < b.openedAt ? 1 : a.openedAt > b.openedAt ? -1 : 0));
  const about = newest.filter((one) => touches(one, target));
  for (const { rootCauses } of [...about, ...newest.filter((one) => !about.includes(one))])
    for (const { entity, confidence } of rootCauses)
      if (!ranking.has(entity.name)) ranking.set(entity.name, confidence);
  return [...ranking].map(([node, confidence]) => ({ node, confidence }));
}

function touches({ affected }: Told, node: string): boolean {
  return affected.some(({ entity }) => entity.name === node);
}

/** Any node; the node whose alerted metric is the furthest from normal, at its worst; and what the set's own notebook stores of its best method. */
export async function petshopBaselines(
  folder: string,
  cases: () => AsyncIterable<AccuracyCase>,
): Promise<Readonly<Record<string, Figures>>> {
  const truths = readTruths(folder);
  const largest = new Map<string, number[][]>();
  const random = new Map<string, number[][]>();
  for await (const { id, group, events } of cases()) {
    if (group === normalGroup) continue;
    const { truth } = truths.get(id)!;
    const metric = group.endsWith('latency') ? 'latency.average' : 'availability.average';
    const order = [...deviations(events, metric)].sort(([, a], [, b]) => b - a).map(([node]) => node);
    note(largest, group, order.indexOf(truth));
    random.set(group, [...(random.get(group) ?? []), ks.map((k) => k / Math.max(order.length, k))]);
  }
  return {
    random: figuresOf(random),
    'largest z': figuresOf(largest),
    'graph traversal over MAD scores (notebook, 52 issues)': {
      'low-latency.top1': 0.571,
      'low-latency.top3': 0.571,
      'low-availability.top1': 0.833,
      'low-availability.top3': 1,
      'high-latency.top1': 0.571,
      'high-latency.top3': 0.786,
      'high-availability.top1': 0.667,
      'high-availability.top3': 1,
      'temporal-latency.top1': 1,
      'temporal-latency.top3': 1,
      'temporal-availability.top1': 0.75,
      'temporal-availability.top3': 1,
      'mean.top1': 0.732,
      'mean.top3': 0.893,
    },
  };
}

/** By node: the most standard deviations that the metric was from the mean of the rows before the last five, which are the case. */
function deviations(events: readonly RawEvent[], metric: string): Map<string, number> {
  const series = new Map<string, number[]>();
  for (const { data, metadata } of events) {
    const { kind, values } = data as unknown as MetricsRecord;
    const value = kind === 'metrics' ? values[metric] : undefined;
    if (value === undefined) continue;
    const node = metadata.workload!;
    const known = series.get(node);
    if (known) known.push(value);
    else series.set(node, [value]);
  }
  const found = new Map<string, number>();
  for (const [node, values] of series) {
    const normal = values.slice(0, -5);
    if (normal.length < 5) continue;
    const mean = normal.reduce((sum, value) => sum + value, 0) / normal.length;
    const spread = Math.sqrt(normal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / normal.length);
    found.set(node, Math.max(...values.slice(-5).map((value) => Math.abs(value - mean) / Math.max(spread, 1e-6))));
  }
  return found;
}

function note(hits: Map<string, number[][]>, group: string, place: number): void {
  hits.set(group, [...(hits.get(group) ?? []), ks.map((k) => Number(place !== -1 && place < k))]);
}

function figuresOf(hits: ReadonlyMap<string, readonly (readonly number[])[]>): Figures {
  const figures: Record<string, number> = {};
  const columns = [...hits].sort(([a], [b]) => (a < b ? -1 : 1));
  const mean = (rows: readonly (readonly number[])[], i: number): number =>
    rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length;
  for (const [group, rows] of columns) ks.forEach((k, i) => (figures[`${group}.top${k}`] = mean(rows, i)));
  ks.forEach((k, i) => {
    figures[`mean.top${k}`] = columns.reduce((sum, [, rows]) => sum + mean(rows, i), 0) / columns.length;
  });
  return figures;
}

function readTruths(folder: string): ReadonlyMap<string, { readonly target: string; readonly truth: string }> {
  return new Map(
    labelFiles(folder)
      .flatMap((file) => labelForm.parse(JSON.parse(readFileSync(file, 'utf8'))))
      .map(({ id, target, root_cause }) => [
        id,
        { target: workloadOf(target.node), truth: workloadOf(root_cause.node) },
      ]),
  );
}
