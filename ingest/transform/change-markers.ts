import type { Category } from '../../src/model/categories.js';
import { entityRef } from '../../src/model/entity.js';
import type { EventFinding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { ChangeMarker } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { toEpochMs } from '../../src/model/time.js';
import { isInert } from '../detect/diff-lines.js';
import { readDiffMeaning, type Deed, type DiffMeaning } from '../detect/diff-meaning.js';
import { locate, type TransformContext } from './context.js';
import { eventFrom } from './draft.js';
import { clause } from './wording.js';

export interface ChangeMarkerReader {
  /** type `kubeapi`, kind `change-marker`. */
  read(event: RawEvent): EventFinding[];
}

interface Commit {
  readonly sha: string;
  readonly atMs: number;
  readonly author: string | null;
  readonly message: string | null;
  readonly paths: readonly string[];
  /** Null when there was no diff to read. */
  readonly meaning: DiffMeaning | null;
}

const maxCommits = 5_000;
/** A service that nobody saw rolled out before ships what was merged within this. */
const firstShipmentMs = 86_400_000;
const maxShipped = 50;
const maxWorkloads = 5_000;
/** What one side writes and another reads: whoever did not change with it suffers too. */
const contracts = new Set<Deed>(['field-renamed', 'schema-changed', 'encoding-changed', 'text-setting-changed']);
/** Makes a program call others far more often than before. */
const flooding = new Set<Deed>([
  'retry-raised',
  'wait-removed',
  'batching-removed',
  'per-item-calls',
  'cache-removed',
  'fan-out-added',
  'limit-raised',
  'protection-removed',
  'lifetime-lowered',
]);
const sharedFolders =
  /^(?:pkg|libs?|internal|common|shared|platform|packages|modules|core|sdk|proto|protos|schemas?|idl|api-spec|third_party|vendor)\//;

const categoryOf: Readonly<Record<ChangeMarker['what'], Category>> = {
  deploy: 'change.deploy',
  commit: 'change.deploy',
  config: 'change.config',
  flag: 'change.flag',
  scale: 'change.scale',
  migration: 'change.deploy',
  other: 'change.deploy',
};

/**
 * What people and pipelines say that they changed. A commit alone changes nothing that runs: it is remembered until something is rolled
 * out that holds it. One event for each commit that a rollout brings: the one it names, and those merged since the last rollout that
 * touch the workload's own files, shared ones, or a module whose version it raises.
 */
export function createChangeMarkerReader(context: TransformContext): ChangeMarkerReader {
  const commits = new Map<string, Commit>();
  const rolledOutMs = new Map<string, number>();

  function read(event: RawEvent): EventFinding[] {
    const marker = event.data as unknown as ChangeMarker;
    const atMs = toEpochMs(event.timestamp);
    if (marker.what === 'commit') {
      remember(marker, atMs);
      return [];
    }
    const { entity, k8s } = locate(context, event.metadata);
    if (entity.kind === 'Cluster') return [];
    if (marker.what !== 'deploy') {
      const by = marker.author === null ? '' : ` by ${marker.author}`;
      const said = marker.message === null ? '' : `: ${clause(marker.message, 200)}`;
      const draft = {
        category: categoryOf[marker.what],
        entity,
        context: k8s,
        discriminator: marker.reference,
        message: `${marker.what === 'flag' ? 'Flag' : 'Change'} ${marker.reference} of ${entity.kind} ${entity.name}${by}${said}.`,
        attributes: { reference: marker.reference, changedBy: marker.author },
      };
      return [{ kind: 'event', at: event.timestamp, event: eventFrom(draft, 'kubeapi', event.timestamp) }];
    }
    const before = rolledOutMs.get(entity.id);
    rolledOutMs.delete(entity.id);
    rolledOutMs.set(entity.id, atMs);
    if (rolledOutMs.size > maxWorkloads) rolledOutMs.delete(rolledOutMs.keys().next().value!);
    const named = commits.get(marker.reference) ?? null;
    const brought = [named, ...shipped(entity.name, named, before ?? atMs - firstShipmentMs, atMs)];
    const findings = brought.map((commit) => told(event, marker, entity, k8s, commit));
    const { namespace, cluster } = entity;
    if (namespace === null) return findings;
    const place = entityRef(cluster, 'Namespace', null, namespace);
    for (const commit of brought)
      if (commit?.meaning?.does.some((deed) => contracts.has(deed)))
        findings.push(told(event, marker, place, { ...k8s, workload: null, service: null }, commit));
    return findings;
  }

  function remember(marker: ChangeMarker, atMs: number): void {
    const { reference: sha, author, message, paths, diff } = marker;
    commits.delete(sha);
    commits.set(sha, {
      sha,
      atMs,
      author,
      message,
      paths,
      meaning: diff === null && !isInert(paths) ? null : readDiffMeaning(diff ?? '', paths),
    });
    if (commits.size > maxCommits) commits.delete(commits.keys().next().value!);
  }

  /** Besides the commit that is named: what a rollout brings along, as far as it does anything. */
  function shipped(workload: string, named: Commit | null, sinceMs: number, atMs: number): Commit[] {
    const modules = named?.meaning?.modules ?? [];
    const found: Commit[] = [];
    for (const commit of commits.values()) {
      if (commit === named || commit.atMs > atMs || commit.meaning === null || commit.meaning.does.length === 0)
        continue;
      const module = commit.paths.some((path) => modules.some((name) => path.startsWith(`${name}/`)));
      const recent = commit.atMs > sinceMs;
      const concerned = commit.paths.some((path) => sharedFolders.test(path) || isOwn(path, workload));
      if (module ? atMs - commit.atMs <= 7 * firstShipmentMs : recent && concerned) found.push(commit);
    }
    return found.slice(-maxShipped);
  }

  function told(
    event: RawEvent,
    marker: ChangeMarker,
    entity: ReturnType<typeof locate>['entity'],
    k8s: ReturnType<typeof locate>['k8s'],
    commit: Commit | null,
  ): EventFinding {
    const meaning = commit?.meaning ?? null;
    const risky = meaning !== null && meaning.does.some((deed) => deed !== 'dependency-changed');
    const category: Category = risky ? 'change.risky-deploy' : 'change.deploy';
    const version = marker.message === null ? '' : ` (${clause(marker.message, 60)})`;
    const what =
      commit === null
        ? ` ${marker.reference}`
        : ` commit ${commit.sha.slice(0, 10)}${commit.author === null ? '' : ` by ${commit.author}`}${commit.message === null ? '' : ` “${clause(commit.message, 120)}”`}`;
    const does = meaning?.summary ? `: ${meaning.summary}` : '';
    const id = contentId(entity.id, category, marker.reference, commit?.sha ?? '', event.timestamp);
    const draft = {
      category,
      entity,
      context: k8s,
      discriminator: `${marker.reference} ${commit?.sha ?? ''}`,
      message:
        entity.kind === 'Namespace'
          ? `What programs in namespace ${entity.name} share was changed with${what}${does}.`
          : `${entity.kind} ${entity.name}${version} was rolled out with${what}${does}.`,
      attributes: {
        reference: marker.reference,
        commit: commit?.sha,
        changedBy: commit?.author ?? marker.author,
        files: commit?.paths.map((path) => path.slice(path.lastIndexOf('/') + 1)).join(' '),
        ...(meaning !== null && {
          does: meaning.does.join(' '),
          terms: meaning.terms.join(' '),
          gone: meaning.gone.join(' '),
          values: meaning.values.join(' '),
          ...(meaning.does.some((deed) => flooding.has(deed)) && { floods: true }),
        }),
      },
    };
    return { kind: 'event', at: event.timestamp, event: eventFrom(draft, 'kubeapi', event.timestamp, id) };
  }

  return { read };
}

/** Whether a file belongs to a workload, by the folders that it lies in: `services/cart/…` and `cart/…` to cart, cartservice, cart-svc-2. */
function isOwn(path: string, workload: string): boolean {
  const stem = stemOf(workload);
  return path
    .split('/')
    .slice(0, -1)
    .some((folder) => folder === workload || stemOf(folder) === stem);
}

function stemOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/-\d+$/, '')
    .replace(/[-_]?(?:service|svc|server|api|app|worker)$/, '');
}
