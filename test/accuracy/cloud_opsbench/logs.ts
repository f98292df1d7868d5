import { parseLogText } from '../../../agent/collectors/container-logs/line.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { answersOf, type CaseFiles } from './case-files.js';

interface TimedLine {
  readonly type: 'log';
  readonly atMs: number;
  readonly data: RawEvent['data'];
  readonly metadata: RawEvent['metadata'];
}

/**
 * The containers' logs as the agent's own reader would have published them. Cases whose logs were too large to be kept still have their
 * error lines.
 */
export function logLines(files: CaseFiles, objects: readonly KubernetesObject[]): TimedLine[] {
  const lines: TimedLine[] = [];
  for (const [name, texts] of Object.entries(files.logs ?? errorLogs(files))) {
    const [app = '', part] = name.split('.');
    const place = placeOf(app, part === 'previous' ? undefined : part, files.namespace, objects);
    if (!place) continue;
    // What a container said before its last end, where kubectl prints no times.
    const endMs = part === 'previous' ? lastEndMs(place, objects) : files.collectedMs;
    lines.push(...timed(texts, place, endMs ?? files.collectedMs));
  }
  return lines;
}

/** Whose log it is: the app's first pod, and of it the container that is named, else the one that is not a sidecar. */
function placeOf(
  app: string,
  container: string | undefined,
  namespace: string,
  objects: readonly KubernetesObject[],
): RawEvent['metadata'] | null {
  const pod = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.labels?.app === app);
  if (!pod) return null;
  const spec = pod.spec as { readonly nodeName?: string; readonly containers?: readonly { readonly name: string }[] };
  const own = spec.containers?.find(({ name }) => name !== 'istio-proxy')?.name;
  const named = container ?? own;
  const [owner] = pod.metadata.ownerReferences ?? [];
  const hash = pod.metadata.labels?.['pod-template-hash'];
  return {
    namespace,
    pod: pod.metadata.name,
    podUid: pod.metadata.uid!,
    ...(named !== undefined && { container: named }),
    ...(spec.nodeName !== undefined && { node: spec.nodeName }),
    ...(owner && {
      workload: hash === undefined ? owner.name : owner.name.replace(new RegExp(`-${hash}$`), ''),
      workloadKind: owner.kind === 'ReplicaSet' ? 'Deployment' : owner.kind,
    }),
  };
}

function lastEndMs(place: RawEvent['metadata'], objects: readonly KubernetesObject[]): number | null {
  const pod = objects.find(({ metadata }) => metadata.uid === place.podUid);
  const status = pod?.status as
    | {
        readonly containerStatuses?: readonly {
          readonly name: string;
          readonly lastState?: { readonly terminated?: { readonly finishedAt?: string } };
        }[];
      }
    | undefined;
  const ended = status?.containerStatuses?.find(({ name }) => name === place.container)?.lastState?.terminated;
  const endMs = Date.parse(ended?.finishedAt ?? '');
  return Number.isNaN(endMs) ? null : endMs - 1;
}

/** What kubectl says when it has no such log. */
const ofKubectl = /^(?:Error: |error: )?(?:Error from server|Defaulted container|error: container )/;

/** A line without a time of its own belongs to the one before it; those before the first time to the first. */
function timed(texts: readonly string[], metadata: RawEvent['metadata'], collectedMs: number): TimedLine[] {
  const lines: { text: string; atMs: number }[] = [];
  let lastMs = NaN;
  for (const raw of texts) {
    if (raw.trim() === '' || ofKubectl.test(raw)) continue;
    const { text, atMs } = timeOf(raw);
    if (!Number.isNaN(atMs)) lastMs = atMs;
    lines.push({ text, atMs: lastMs });
  }
  const firstMs = lines.find(({ atMs }) => !Number.isNaN(atMs))?.atMs ?? collectedMs;
  return lines.map(({ text, atMs }) => ({
    type: 'log',
    atMs: Math.min(Number.isNaN(atMs) ? firstMs : atMs, collectedMs),
    data: { ...parseLogText(text, 'stdout').data },
    metadata,
  }));
}

function timeOf(raw: string): { text: string; atMs: number } {
  // `kubectl logs --timestamps`.
  const prefixed = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))\s(.*)$/s.exec(raw);
  if (prefixed) return { text: prefixed[2]!, atMs: epochMs(prefixed[1]!) };
  if (raw.startsWith('{')) {
    const found = /"(?:timestamp|time)": ?(?:"([^"]+)"|([\d.]+))/.exec(raw);
    if (found?.[1] !== undefined) return { text: raw, atMs: epochMs(found[1]) };
    // Seconds or milliseconds since the epoch.
    const number = Number(found?.[2]);
    if (found) return { text: raw, atMs: number < 1e11 ? number * 1000 : number };
    const instant = /"epochSecond":(\d+),"nanoOfSecond":(\d+)/.exec(raw);
    if (instant) return { text: raw, atMs: Number(instant[1]) * 1000 + Number(instant[2]) / 1e6 };
  }
  const redis = /^\d+:\w (\d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}) /.exec(raw);
  return { text: raw, atMs: redis ? Date.parse(`${redis[1]!}Z`) : NaN };
}

function epochMs(text: string): number {
  return Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
}

/** The grouped errors that the benchmark keeps for every case: one sample for each pattern. */
function errorLogs(files: CaseFiles): Record<string, string[]> {
  const logs: Record<string, string[]> = {};
  for (const { asked, answer } of answersOf(files, 'GetErrorLogs')) {
    const app = String(asked.service_name);
    const found = samplesOf(typeof answer === 'string' && answer.startsWith('{') ? JSON.parse(answer) : answer);
    for (const [part, texts] of Object.entries(found)) logs[part === 'app' ? app : `${app}.${part}`] = texts;
  }
  return logs;
}

function samplesOf(answer: unknown): Record<string, string[]> {
  if (typeof answer !== 'object' || answer === null) return {};
  if ('patterns' in answer && Array.isArray(answer.patterns))
    return {
      app: answer.patterns.flatMap((pattern: { count?: number; sample?: unknown }) => {
        const { count = 1, sample } = pattern;
        // Said again and again: the reader wants to see that it was no single line.
        return typeof sample === 'string' ? Array.from({ length: Math.min(count, 5) }, () => sample) : [];
      }),
    };
  return Object.fromEntries(
    Object.entries(answer).flatMap(([part, texts]) =>
      Array.isArray(texts)
        ? [[part, texts.filter((text) => typeof text === 'string').flatMap((text) => text.split('\n'))] as const]
        : [],
    ),
  );
}
