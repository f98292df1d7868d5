import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { labelFiles } from '../dataset.js';
import type { Told, ToldCause } from '../engine.js';
import type { AccuracyCase, Answer, Figures, Judged, Score } from '../set.js';
import { quietFolder } from './cases.js';

const labelForm = z.array(
  z.object({
    id: z.string(),
    root_cause_service: z.string(),
    fault_type: z.string(),
    inner_label: z.string(),
  }),
);
type Label = z.infer<typeof labelForm>[number];

/** The resource labels, as the engine calls what is wrong with it. */
const resourceOf: Readonly<Record<string, string>> = {
  'app.cpu-saturated': 'CpuUsageRate(%)',
  'network.delay': 'NetworkP90(ms)',
};

/**
 * AS@k: the labelled service is among the first k of one list without ties. AIS@k: the same for the service together with the labelled
 * resource, or with a code region whose two ends are the two labelled sites. Figures without prefix are of the stream (fault-free
 * minute, minute before, two minutes of the fault), `paper.` those of what the paper compares (fault-free minute, second minute).
 */
export function scoreNezha(folder: string, answers: readonly Answer[]): Promise<Score> {
  const labels = readLabels(folder);
  const figures: Record<string, number> = {};
  const judged: Judged[] = [];
  for (const group of ['stream', 'paper']) {
    const own = answers.filter((answer) => answer.group === group);
    if (own.length === 0) continue;
    const prefix = group === 'stream' ? '' : `${group}.`;
    const ranks = own.map((answer) => judge(answer, labels.get(answer.id.split('.')[0]!)!));
    for (const [name, rankOf] of [
      ['AS', ({ service }: Ranks) => service],
      ['AIS', ({ inner }: Ranks) => inner],
    ] as const)
      for (const k of [1, 3, 5])
        figures[`${prefix}${name}@${k}`] = ranks.filter((rank) => rankOf(rank) <= k).length / ranks.length;
    // The same faults seen with less: they would count twice in the calibration.
    if (group === 'stream') judged.push(...ranks.map(({ verdict }) => verdict));
  }
  const quiet = answers.find(({ group }) => group === 'quiet');
  if (quiet) Object.assign(figures, quietFigures(folder, quiet.told));
  return Promise.resolve({ figures, judged });
}

interface Ranks {
  readonly service: number;
  readonly inner: number;
  readonly verdict: Judged;
}

function judge(answer: Answer, label: Label): Ranks {
  const causes = causesOf(answer.told);
  const services = servicesOf(answer.told);
  const inner = [...new Set(causes.map((cause) => `${cause.entity.name} ${innerOf(cause)}`))];
  const wantedInner = `${label.root_cause_service} ${label.inner_label}`;
  const service = rankOf(services, label.root_cause_service);
  const wrong: string[] = [];
  if (service > 1)
    wrong.push(
      `${label.fault_type}: blames ${services.slice(0, 5).join(', ') || 'nothing'}, not ${label.root_cause_service}`,
    );
  else if (rankOf(inner, wantedInner) > 1) wrong.push(`${label.fault_type}: says ${inner[0]!}, not ${wantedInner}`);
  return {
    service,
    inner: rankOf(inner, wantedInner),
    verdict: { id: answer.id, right: service === 1, confidence: causes[0]?.confidence ?? null, wrong },
  };
}

function rankOf(list: readonly string[], wanted: string): number {
  const place = list.indexOf(wanted);
  return place === -1 ? Infinity : place + 1;
}

const severities = ['CRITICAL', 'ERROR', 'WARNING', 'INFO'];

/**
 * As somebody on call would take them: incidents that still go on before those that are over, the graver before the less grave, the surer
 * before the less sure; of equals what began last, which is the news.
 */
function inOrder(told: readonly Told[]): readonly Told[] {
  const over = ({ status }: Told): number => Number(status === 'RESOLVED');
  const gravity = ({ severity }: Told): number => severities.indexOf(severity);
  return [...told].sort(
    (a, b) =>
      over(a) - over(b) ||
      gravity(a) - gravity(b) ||
      b.confidence - a.confidence ||
      (a.openedAt < b.openedAt ? 1 : a.openedAt > b.openedAt ? -1 : 0),
  );
}

/** What is blamed first in each incident; then what else could have been, in each. */
function causesOf(told: readonly Told[]): readonly ToldCause[] {
  const ordered = inOrder(told);
  return [
    ...ordered.flatMap(({ rootCauses }) => rootCauses.slice(0, 1)),
    ...ordered.flatMap(({ rootCauses }) => rootCauses.slice(1)),
  ];
}

/** One list of services: the causes as above, then what is affected. Pods count as what they belong to, as the engine tells them. */
function servicesOf(told: readonly Told[]): readonly string[] {
  const affected = inOrder(told).flatMap((incident) => incident.affected.map(({ entity }) => entity.name));
  return [...new Set([...causesOf(told).map(({ entity }) => entity.name), ...affected])];
}

function innerOf({ category, event }: ToldCause): string {
  const attribute = (name: string): string => event.attributes.find((each) => each.name === name)?.value ?? '';
  return resourceOf[category] ?? `${attribute('after')}_${attribute('step')}`;
}

/**
 * Incidents per hour of traffic without a labelled fault. `falseIncidents`: those that the spans themselves do not bear out. One does
 * bear them out where, while it lasted, at least half of the requests to the blamed service went through Spring's error handler: an
 * outage that nobody labelled.
 */
function quietFigures(folder: string, told: readonly Told[]): Figures {
  const spans = quietSpans(folder);
  const hours = (spans.at(-1)!.endMs - spans[0]!.endMs) / 3_600_000;
  const borneOut = told.filter((incident) => isOutage(incident, spans));
  return {
    'quiet.incidentsPerHour': told.length / hours,
    'quiet.falseIncidentsPerHour': (told.length - borneOut.length) / hours,
  };
}

interface QuietSpan {
  readonly service: string;
  readonly operation: string;
  readonly endMs: number;
}

function quietSpans(folder: string): QuietSpan[] {
  const quiet = join(folder, quietFolder);
  const rows = readdirSync(quiet)
    .filter((name) => name.endsWith('_trace.csv'))
    .flatMap((name) => readFileSync(join(quiet, name), 'utf8').split('\n').slice(1).filter(Boolean));
  return rows
    .map((row) => {
      const fields = row.split(',');
      const service = fields[3]!.split('-').slice(0, -2).join('-');
      return { service, operation: fields.slice(4, -3).join(','), endMs: Number(fields.at(-2)) / 1e6 };
    })
    .sort((a, b) => a.endMs - b.endMs);
}

/** Before an incident opens it has gone on for a while: up to a minute and a half for rare operations. */
const beforeMs = 90_000;

function isOutage({ openedAt, rootCauseEntity }: Told, spans: readonly QuietSpan[]): boolean {
  const openedMs = Date.parse(openedAt);
  const own = spans.filter(
    ({ service, endMs }) =>
      service === rootCauseEntity?.name && endMs > openedMs - beforeMs && endMs <= openedMs + beforeMs,
  );
  const failed = own.filter(({ operation }) => operation === 'BasicErrorController.error').length;
  const requests = own.filter(({ operation }) => operation.startsWith('/')).length;
  return failed >= 3 && 2 * failed >= requests;
}

function readLabels(folder: string): Map<string, Label> {
  const rows = labelFiles(folder).flatMap((file) => labelForm.parse(JSON.parse(readFileSync(file, 'utf8'))));
  return new Map(rows.map((label) => [label.id, label]));
}

/** How long the fault has been there at the end of a case, at most. */
const faultMs = 120_000;

/**
 * Easy: the service whose error lines or time in spans rose most from before the last two minutes to these, or that used most CPU in them. And what the papers report on all 45 cases.
 */
export async function nezhaBaselines(
  folder: string,
  cases: () => AsyncIterable<AccuracyCase>,
): Promise<Readonly<Record<string, Figures>>> {
  const labels = readLabels(folder);
  const ranks: Record<string, number[]> = { 'rise in error lines': [], 'CPU use': [], 'rise in time': [] };
  for await (const { id, group, events } of cases()) {
    if (group !== 'stream') continue;
    const wanted = labels.get(id)!.root_cause_service;
    const lastMs = Date.parse(events.at(-1)!.timestamp);
    const rises: Record<string, Map<string, number>> = {};
    for (const name of Object.keys(ranks)) rises[name] = new Map();
    const add = (name: string, service: string, value: number): void => {
      rises[name]!.set(service, (rises[name]!.get(service) ?? 0) + value);
    };
    for (const { type, timestamp, data, metadata } of events) {
      const service = metadata.service ?? '';
      const sign = Date.parse(timestamp) > lastMs - faultMs ? 1 : -1;
      if (type === 'log' && data['level'] === 'error') add('rise in error lines', service, sign);
      if (data.kind === 'span') add('rise in time', service, sign * Number(data['durationMs']));
      const cpu =
        data.kind === 'metrics'
          ? (data['values'] as Record<string, number>)['k8s.pod.cpu_limit_utilization']
          : undefined;
      if (cpu !== undefined && sign > 0) add('CPU use', service, cpu);
    }
    for (const [name, rise] of Object.entries(rises))
      ranks[name]!.push(
        rankOf(
          [...rise].sort((a, b) => b[1] - a[1]).map(([service]) => service),
          wanted,
        ),
      );
  }
  const shares = (own: readonly number[]): Figures =>
    Object.fromEntries([1, 3, 5].map((k) => [`AS@${k}`, own.filter((rank) => rank <= k).length / own.length]));
  return {
    ...Object.fromEntries(Object.entries(ranks).map(([name, own]) => [name, shares(own)])),
    'Nezha (published, 45 cases)': { 'AS@1': 0.8667, 'AS@3': 0.9778, 'AS@5': 0.9778, 'AIS@1': 0.8667 },
    'Nezha without logs (published)': { 'AS@1': 0.4222, 'AS@3': 0.4444, 'AS@5': 0.4444 },
    'Nezha without metrics (published)': { 'AS@1': 0.5556, 'AS@3': 0.6222, 'AS@5': 0.6889 },
    'MicroRCA (published by Nezha)': { 'AS@1': 0.2, 'AS@3': 0.3111, 'AS@5': 0.4444 },
    'PDiagnose (published by Nezha)': { 'AS@1': 0.0889, 'AS@3': 0.1333, 'AS@5': 0.2222 },
    'SimpleRCA (published, arXiv 2510.04711)': { 'AS@1': 0.93, 'AS@3': 0.98, 'AS@5': 0.98 },
  };
}
