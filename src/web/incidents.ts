import { computed, signal } from '@preact/signals';
import { ApiFailure, ask } from './ask.js';
import { heardOf } from './event-time.js';
import { createLive, type Connection } from './live.js';
import { incidentPage, type IncidentPage, type IncidentRow } from './queries.js';

/** What is known of incidents: the unresolved ones all, the resolved ones as far as they were loaded or resolved while we looked. */
export const incidents = signal<ReadonlyMap<string, IncidentRow>>(new Map());
export const connection = signal<Connection>('connecting');
/** Null until something was loaded. */
export const loadedAt = signal<number | null>(null);
export const loadFailure = signal<ApiFailure | null>(null);
/** What the last change of an incident was, said once to whoever listens to the page. */
export const announcement = signal('');

const urgency = { CRITICAL: 0, ERROR: 1, WARNING: 2, INFO: 3 } as const;

/** Most urgent first: nobody at it, worst, newest. */
export function byUrgency(a: IncidentRow, b: IncidentRow): number {
  if (a.status !== b.status) return a.status === 'OPEN' ? -1 : 1;
  if (a.severity !== b.severity) return urgency[a.severity] - urgency[b.severity];
  return a.openedAt < b.openedAt ? 1 : a.openedAt > b.openedAt ? -1 : a.id < b.id ? -1 : 1;
}

const listedIncidents = computed(() => [...incidents.value.values()].filter(({ mergedInto }) => mergedInto === null));
export const unresolved = computed(() =>
  listedIncidents.value.filter(({ status }) => status !== 'RESOLVED').sort(byUrgency),
);
export const resolved = computed(() =>
  listedIncidents.value
    .filter(({ status }) => status === 'RESOLVED')
    .sort((a, b) => ((a.resolvedAt ?? a.openedAt) < (b.resolvedAt ?? b.openedAt) ? 1 : -1)),
);

const pageSize = 100;
/** More than anybody reads; the rest is found by narrowing. */
const mostUnresolved = 2_000;
/** What was published in the moment in which a subscription began is found by asking again; so is what nobody thought of. */
const askAgainMs = 30_000;
const afterConnectMs = 1_000;

/** Puts incidents in, unless a newer revision of them is there. */
function put(rows: readonly IncidentRow[]): void {
  const next = new Map(incidents.value);
  let changed = false;
  for (const row of rows) {
    const known = next.get(row.id);
    if (known && (known.revision > row.revision || known.updatedAt > row.updatedAt)) continue;
    next.set(row.id, row);
    changed = true;
    heardOf(row.updatedAt);
  }
  if (changed) incidents.value = next;
}

/** Loads what is unresolved, most urgent first, and the last that were resolved. */
async function load(): Promise<void> {
  try {
    const page = (variables: object): Promise<IncidentPage> =>
      ask<IncidentPage>(incidentPage, { first: pageSize, ...variables });
    const lately = page({ first: 20, filter: { status: ['RESOLVED'] }, orderBy: { field: 'UPDATED_AT' } });
    const seen = new Set<string>();
    let after: string | null = null;
    do {
      const { incidents: answer }: IncidentPage = await page({
        after,
        filter: { status: ['OPEN', 'ACKNOWLEDGED'] },
        orderBy: { field: 'SEVERITY' },
      });
      for (const { node } of answer.edges) seen.add(node.id);
      put(answer.edges.map(({ node }) => node));
      after = answer.pageInfo.hasNextPage && seen.size < mostUnresolved ? answer.pageInfo.endCursor : null;
    } while (after !== null);
    put((await lately).incidents.edges.map(({ node }) => node));
    loadFailure.value = null;
    loadedAt.value = Date.now();
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    loadFailure.value = error;
  }
}

let loading: Promise<void> | null = null;

/** One at a time: who asks while it runs gets the one that runs. */
export function reload(): Promise<void> {
  return (loading ??= load().finally(() => (loading = null)));
}

const spoken: Readonly<Record<string, string>> = {
  OPENED: 'New incident',
  RESOLVED: 'Resolved',
  REOPENED: 'Broken again',
};

/** Loads and follows, as long as the page is open. */
export function follow(): void {
  createLive({
    onState: (state) => (connection.value = state),
    onConnected: () => {
      void reload();
      setTimeout(() => void reload(), afterConnectMs);
    },
    onChange: ({ kind, incident }) => {
      put([incident]);
      const word = spoken[kind];
      if (word) announcement.value = `${word}: ${incident.title}`;
    },
  }).start();
  setInterval(() => void reload(), askAgainMs);
}
