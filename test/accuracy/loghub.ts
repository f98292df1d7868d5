import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { createDrain, type LogTemplate } from '../../ingest/detect/drain.js';
import { caseFolders } from './dataset.js';
import type { Figures, Judged, Measured } from './set.js';

interface Line {
  readonly content: string;
  /** The true template. */
  readonly event: string;
}

interface System {
  readonly name: string;
  readonly lines: readonly Line[];
}

/** As printed by logpai/logparser for its own Drain, on the uncorrected labels. */
const publishedDrain: Figures = {
  'HDFS.GA': 0.998,
  'Hadoop.GA': 0.948,
  'Spark.GA': 0.92,
  'Zookeeper.GA': 0.967,
  'BGL.GA': 0.963,
  'HPC.GA': 0.887,
  'Thunderbird.GA': 0.955,
  'Windows.GA': 0.997,
  'Linux.GA': 0.69,
  'Android.GA': 0.911,
  'HealthApp.GA': 0.78,
  'Apache.GA': 1,
  'Proxifier.GA': 0.527,
  'OpenSSH.GA': 0.788,
  'OpenStack.GA': 0.733,
  'Mac.GA': 0.787,
};

/**
 * The template miner alone on Loghub-2k. Grouping accuracy (Zhu et al., ICSE-SEIP 2019): the share of lines whose group is, line for line,
 * a true group. `GA.mean` is on the uncorrected labels, which the published figures are on; `corrected.GA.mean` on the corrected ones.
 */
export async function measureLoghub(folder: string, only: RegExp | null): Promise<Measured> {
  const figures: Record<string, number> = {};
  const easy: Record<string, number> = {};
  const judged: Judged[] = [];
  for (const [prefix, labels] of [
    ['', 'loghub_2k'],
    ['corrected.', 'loghub_2k_corrected'],
  ] as const) {
    const ours: number[] = [];
    const masks: number[] = [];
    const systems = readSystems(folder, labels).filter(({ name }) => only === null || only.test(name));
    for (const { name, lines } of systems) {
      const accuracy = groupingAccuracy(lines, templatesOf(lines));
      const masked = groupingAccuracy(
        lines,
        lines.map(({ content }) => content.replace(/\S*\d\S*/g, '<*>')),
      );
      ours.push(accuracy);
      masks.push(masked);
      figures[`${prefix}${name}.GA`] = accuracy;
      easy[`${prefix}${name}.GA`] = masked;
      judged.push({ id: `${labels}/${name}`, right: accuracy >= 0.9, confidence: null, wrong: [] });
    }
    figures[`${prefix}GA.mean`] = mean(ours);
    easy[`${prefix}GA.mean`] = mean(masks);
  }
  const published = Object.entries(publishedDrain).filter(([name]) => name in figures);
  return Promise.resolve({
    figures,
    judged,
    baselines: {
      'words with digits masked': easy,
      'Drain, published': { ...Object.fromEntries(published), 'GA.mean': mean(published.map(([, value]) => value)) },
    },
  });
}

function readSystems(folder: string, labels: string): System[] {
  const file = labels.endsWith('corrected') ? '_2k.log_structured_corrected.csv' : '_2k.log_structured.csv';
  const found: System[] = [];
  for (const half of [folder, ...caseFolders(folder, [])]) {
    const root = join(half, labels);
    if (!existsSync(root)) continue;
    for (const name of readdirSync(root).sort()) {
      const path = join(root, name, `${name}${file}`);
      if (!existsSync(path)) continue;
      const rows = parse<{ Content: string; EventId: string }>(readFileSync(path), {
        columns: true,
        relax_quotes: true,
      });
      found.push({ name, lines: rows.map(({ Content, EventId }) => ({ content: Content, event: EventId })) });
    }
  }
  if (found.length === 0) throw new Error(`${folder} holds no ${labels}/<system>/<system>${file}`);
  return found;
}

/** The group that the miner ends up with for each line: what has become a part of another template counts as that. */
function templatesOf(lines: readonly Line[]): string[] {
  const drain = createDrain();
  const templates = lines.map(({ content }) => drain.add(content));
  return templates.map((template) => {
    let at: LogTemplate = template;
    while (at.mergedInto !== null) at = at.mergedInto;
    return String(at.id);
  });
}

function groupingAccuracy(lines: readonly Line[], groups: readonly string[]): number {
  const predicted = new Map<string, number[]>();
  const size = new Map<string, number>();
  lines.forEach(({ event }, i) => {
    const group = predicted.get(groups[i]!);
    if (group) group.push(i);
    else predicted.set(groups[i]!, [i]);
    size.set(event, (size.get(event) ?? 0) + 1);
  });
  let right = 0;
  for (const members of predicted.values()) {
    const { event } = lines[members[0]!]!;
    if (members.every((i) => lines[i]!.event === event) && size.get(event) === members.length) right += members.length;
  }
  return lines.length === 0 ? 0 : right / lines.length;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
