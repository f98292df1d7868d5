import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ForeignAlert } from '../../../src/model/payloads.js';
import { labelFiles } from '../dataset.js';
import type { AccuracyCase, Answer, Figures, Judged, Score } from '../set.js';

const labelForm = z.array(z.object({ id: z.string(), instance: z.string(), fault_type: z.string() }));
type Label = z.infer<typeof labelForm>[number];

/** Into what faults were injected: what every published method chooses among (the set's label space). */
const candidates: Readonly<Record<string, readonly string[]>> = {
  gaia: numbered(['dbservice', 'logservice', 'mobservice', 'redisservice', 'webservice'], [1, 2], ''),
  hotel: numbered(['frontend', 'geo', 'profile', 'rate', 'recommendation', 'reservation', 'search', 'user'], [0], '-'),
  sockshop: numbered(['carts', 'catalogue', 'front-end', 'orders', 'payment', 'shipping', 'user'], [0, 1], '-'),
};
const ks = [1, 3, 5] as const;

/** HR@k: the true instance is among the first k of the set's instances that were told, incident after incident. */
export async function scoreTvdiag(folder: string, answers: readonly Answer[]): Promise<Score> {
  const labels = readLabels(folder);
  const hits = new Map<string, number[][]>();
  const judged = answers.map((answer): Judged => {
    const truth = labels.get(answer.id)!;
    const ranking = rankingOf(answer);
    const place = ranking.findIndex(({ instance }) => instance === truth.instance);
    hits.set(answer.group, [...(hits.get(answer.group) ?? []), ks.map((k) => Number(place !== -1 && place < k))]);
    const right = place === 0;
    const blamed = ranking[0]?.instance ?? 'nothing';
    return {
      id: answer.id,
      right,
      confidence: ranking[0]?.confidence ?? null,
      wrong: right ? [] : [`blames ${blamed}, not ${truth.instance} (${truth.fault_type}; place ${place + 1})`],
    };
  });
  return { figures: figuresOf(hits), judged };
}

/** Every instance by chance, by its alerts, by its alerts on metrics; ties at their expected value. And what TVDiag's own logs report. */
export async function tvdiagBaselines(
  folder: string,
  cases: () => AsyncIterable<AccuracyCase>,
): Promise<Readonly<Record<string, Figures>>> {
  const labels = readLabels(folder);
  const weights: Readonly<Record<string, (alert: ForeignAlert) => number>> = {
    random: () => 0,
    'most alerts': () => 1,
    'most alerts on metrics': ({ labels: told, metric }) => Number(metric !== null && told.operation === undefined),
  };
  const hits = new Map(Object.keys(weights).map((name) => [name, new Map<string, number[][]>()]));
  for await (const { id, group, events } of cases()) {
    const truth = labels.get(id)!.instance;
    for (const [name, weight] of Object.entries(weights)) {
      const sums = new Map(candidates[group]!.map((instance) => [instance, 0]));
      for (const { data, metadata } of events) {
        const sum = metadata.pod === undefined ? undefined : sums.get(metadata.pod);
        if (sum !== undefined) sums.set(metadata.pod!, sum + weight(data as unknown as ForeignAlert));
      }
      const own = sums.get(truth)!;
      const above = [...sums.values()].filter((sum) => sum > own).length;
      const equal = [...sums.values()].filter((sum) => sum === own).length;
      const of = hits.get(name)!;
      of.set(group, [...(of.get(group) ?? []), ks.map((k) => Math.max(0, Math.min(1, (k - above) / equal)))]);
    }
  }
  return {
    ...Object.fromEntries([...hits].map(([name, of]) => [name, figuresOf(of)])),
    'TVDiag (its logs, test split)': {
      'gaia.HR@1': 0.759,
      'gaia.HR@3': 0.909,
      'gaia.HR@5': 0.946,
      'sockshop.HR@1': 0.863,
      'sockshop.HR@3': 0.954,
      'sockshop.HR@5': 0.963,
      'hotel.HR@1': 0.821,
      'hotel.HR@3': 0.923,
      'hotel.HR@5': 0.974,
    },
  };
}

function rankingOf({ group, told }: Answer): { readonly instance: string; readonly confidence: number }[] {
  const ranking = new Map<string, number>();
  const known = new Set(candidates[group]);
  const largest = [...told].sort((a, b) => b.affected.length - a.affected.length);
  for (const { rootCauses } of largest)
    for (const { entity, confidence } of rootCauses)
      if (known.has(entity.name) && !ranking.has(entity.name)) ranking.set(entity.name, confidence);
  return [...ranking].map(([instance, confidence]) => ({ instance, confidence }));
}

function figuresOf(hits: ReadonlyMap<string, readonly (readonly number[])[]>): Figures {
  const figures: Record<string, number> = {};
  for (const [group, rows] of [...hits].sort(([a], [b]) => (a < b ? -1 : 1)))
    ks.forEach((k, i) => (figures[`${group}.HR@${k}`] = rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length));
  return figures;
}

function numbered(services: readonly string[], numbers: readonly number[], dash: string): string[] {
  return services.flatMap((service) => numbers.map((number) => `${service}${dash}${number}`));
}

export function readLabels(folder: string): ReadonlyMap<string, Label> {
  return new Map(
    labelFiles(folder)
      .flatMap((file) => labelForm.parse(JSON.parse(readFileSync(file, 'utf8'))))
      .map((label) => [label.id, label]),
  );
}
