import type { RawEvent, RawEventType } from '../../../src/model/raw-event.js';
import type { Figures, LabelledSet } from '../set.js';
import { cases } from './cases.js';
import { readLabels, score, text } from './score.js';

const ofType =
  (...types: readonly RawEventType[]) =>
  ({ type }: RawEvent): boolean =>
    types.includes(type);

/**
 * Snapshots of two microservice systems on Kubernetes, each with one injected fault (Cloud-OpsBench, github LLM4Ops/Cloud-OpsBench,
 * arXiv 2603.00468): what kubectl, systemd and the benchmark's own monitoring said. `dependencies` is its static tree of which service
 * calls which, which every solver is given.
 */
export const cloudOpsBench: LabelledSet = {
  folder: null,
  sources: {
    kubernetes: ofType('kubeapi'),
    logs: ofType('log'),
    metrics: ofType('otlp'),
    alerts: ofType('alert'),
    network: ({ type, data }) => type === 'network' && data.kind !== 'flow',
    dependencies: ({ type, data }) => type === 'network' && data.kind === 'flow',
    systemd: ofType('systemd'),
  },
  cases,
  score,
  async baselines(folder, all) {
    const labels = readLabels(folder);
    const frequency = new Map<string, Map<string, number>>();
    const warned: { group: string; right1: boolean; right3: boolean }[] = [];
    const groups = new Map<string, string[]>();
    for await (const { id, group, events } of all()) {
      const truth = labels.get(id);
      if (!truth) continue;
      groups.set(group, [...(groups.get(group) ?? []), text(truth)]);
      const counts = frequency.get(group) ?? new Map<string, number>();
      counts.set(text(truth), (counts.get(text(truth)) ?? 0) + 1);
      frequency.set(group, counts);
      const apps = mostWarnings(events);
      warned.push({ group, right1: apps[0] === truth.object, right3: apps.slice(0, 3).includes(truth.object) });
    }
    const frequent: Record<string, number> = {};
    const warnings: Record<string, number> = {};
    for (const [group, truths] of groups) {
      const most = [...frequency.get(group)!].sort((a, b) => b[1] - a[1]).map(([triple]) => triple);
      frequent[`${group}.A@1`] = truths.filter((truth) => truth === most[0]).length / truths.length;
      frequent[`${group}.A@3`] = truths.filter((truth) => most.slice(0, 3).includes(truth)).length / truths.length;
      const own = warned.filter((each) => each.group === group);
      warnings[`${group}.object@1`] = own.filter(({ right1 }) => right1).length / own.length;
      warnings[`${group}.object@3`] = own.filter(({ right3 }) => right3).length / own.length;
    }
    return { 'most frequent answer of these labels': frequent, 'most Warning events': warnings, ...published };
  },
};

/** Apps by how many Warning events of them and of their pods there are. */
function mostWarnings(events: readonly RawEvent[]): string[] {
  const counts = new Map<string, number>();
  for (const { data } of events) {
    const object = data.object as
      { kind?: string; type?: string; count?: number; involvedObject?: { name?: string } } | undefined;
    if (object?.kind !== 'Event' || object.type !== 'Warning') continue;
    const app = `app/${(object.involvedObject?.name ?? '').replace(/-[0-9a-f]{6,10}(?:-[a-z0-9]{5})?$/, '')}`;
    counts.set(app, (counts.get(app) ?? 0) + (object.count ?? 1));
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([app]) => app);
}

const row = (boutique1: number, boutique3: number, trainticket1: number, trainticket3: number): Figures => ({
  'boutique.A@1': boutique1,
  'boutique.A@3': boutique3,
  'trainticket.strict.A@1': trainticket1,
  'trainticket.strict.A@3': trainticket3,
});

/** Agents of language models with tools, on all cases, as the repository's README prints them (e1af4e9). */
const published: Readonly<Record<string, Figures>> = {
  'DeepSeek-V3.2 (published)': row(0.73, 0.79, 0.54, 0.58),
  'GPT-5 (published)': row(0.67, 0.75, 0.57, 0.59),
  'Claude-4-Sonnet (published)': row(0.54, 0.59, 0.58, 0.6),
  'Qwen3-235B (published)': row(0.54, 0.7, 0.25, 0.3),
  'GPT-4o (published)': row(0.51, 0.57, 0.43, 0.45),
  'Qwen3-14B (published)': row(0.34, 0.43, 0.25, 0.29),
  'Qwen3-8B (published)': row(0.21, 0.23, 0.26, 0.29),
};
