import type { Logger } from 'pino';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiStalledError, ApiStatusError, type ApiClient } from './api-client.js';
import { createBackoff } from './backoff.js';
import type { CollectorMetrics } from './metrics.js';
import { collectionPath, resourceName, type Resource } from './resources.js';
import type { ServedObject } from './trim.js';

/** Who keeps the objects. Within a list the order is listBegins, listed…, listEnds; a list that has to start over begins again. */
export interface ObjectSink {
  listBegins(): void;
  listed(object: ServedObject, served: Resource): void;
  /** The list was complete: what is known but was not listed is gone. */
  listEnds(): void;
  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: ServedObject, served: Resource): void;
  /** From the periodic re-list: how an object stands, for those who have missed it. Never newer knowledge. */
  relisted(object: ServedObject, served: Resource): void;
}

export type ReflectorState = 'starting' | 'watching' | 'retrying' | 'invisible';

export interface ReflectorStatus {
  readonly state: ReflectorState;
  /** Why it is not watching, null when it is. */
  readonly problem: string | null;
  /** How long the state is as it is. */
  readonly sinceMs: number;
  /** Since the API server last said anything about this resource: a list, an event, a bookmark. Null before the first. */
  readonly silentMs: number | null;
}

/** List-watch of one collection: keeps the sink at most one connection behind the API server, for as long as it runs. */
export interface Reflector {
  readonly resource: Resource;
  readonly namespace: string | null;
  /** Until the signal; never fails. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves after the first complete list, or when it is clear that there will be none for now. */
  readonly settled: Promise<void>;
  status(): ReflectorStatus;
}

export interface ReflectorOptions {
  readonly api: ApiClient;
  readonly resource: Resource;
  readonly namespace: string | null;
  readonly sink: ObjectSink;
  readonly log: Logger;
  readonly metrics: CollectorMetrics;
  /** Wraps every list, so that not all kinds are read at the same moment. */
  readonly listGate: <T>(work: () => Promise<T>) => Promise<T>;
  readonly timing: ReflectorTiming;
}

export interface ReflectorTiming {
  /**
   * The watch cache sends a bookmark once a minute (kubernetes cacher.go, bookmarkFrequency; the first one may take two): one and a
   * half without anything is taken for a dead watch. Kinds without that cache (Events, by default) have no bookmarks. To begin anew
   * for nothing costs one request, and nothing is read twice.
   */
  readonly idleTimeoutMs: number;
  /** How long an answer may take to come, or a list to go on. The API server ends its requests after 60 s by itself. */
  readonly requestTimeoutMs: number;
  /** How often what may not be seen (403) or is not served (404) is asked for again. */
  readonly recheckMs: number;
  readonly resyncMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
}

export const defaultTiming: ReflectorTiming = {
  idleTimeoutMs: 90_000,
  requestTimeoutMs: 60_000,
  recheckMs: 60_000,
  resyncMs: 600_000,
  backoffBaseMs: 800,
  backoffMaxMs: 30_000,
};

/** Objects of one page of a list: client-go's default. */
const pageLimit = 500;
/** Restarts of a list whose continue token expired, before it is asked for in one piece. */
const pagedAttempts = 3;

export function createReflector(options: ReflectorOptions): Reflector {
  const { api, namespace, sink, metrics, timing } = options;
  const name = resourceName(options.resource);
  const log = options.log.child({ resource: name, ...(namespace === null ? {} : { namespace }) });
  const backoff = createBackoff({ baseMs: timing.backoffBaseMs, maxMs: timing.backoffMaxMs });
  const settled = createLatch();

  let served = options.resource;
  let resourceVersion: string | null = null;
  let state: ReflectorState = 'starting';
  let problem: string | null = null;
  let stateSince = performance.now();
  let lastContact: number | null = null;
  /** The present attempt got as far as an open watch. */
  let open = false;

  function enter(next: ReflectorState, why: string | null): void {
    if (next !== state) {
      stateSince = performance.now();
      if (next === 'invisible') log.warn({ why }, 'not visible');
      else log.debug({ why, from: state, to: next }, 'watch state');
    }
    state = next;
    problem = why;
  }

  function contact(): void {
    lastContact = performance.now();
  }

  /** Reads the whole collection in pages of one snapshot. Returns the resourceVersion to watch from. */
  async function list(signal: AbortSignal, begins: () => void, item: (object: ServedObject) => void): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const limit = attempt > pagedAttempts ? {} : { limit: pageLimit };
      try {
        begins();
        return await listPages(signal, limit, item);
      } catch (error) {
        // The snapshot was compacted away between two pages (410): another page of it cannot be had, only another snapshot.
        if (!isExpired(error) || attempt > pagedAttempts) throw error;
        metrics.relists.inc({ resource: name, reason: 'continue-expired' });
      }
    }
  }

  async function listPages(
    signal: AbortSignal,
    limit: { readonly limit?: number },
    item: (object: ServedObject) => void,
  ): Promise<string> {
    let next: string | undefined;
    for (;;) {
      const text = await api.get(
        collectionPath(served, namespace),
        { ...limit, ...(next ? { continue: next } : {}) },
        signal,
      );
      signal.throwIfAborted();
      contact();
      const page = JSON.parse(text) as ListPage;
      for (const object of page.items ?? []) item(object);
      next = page.metadata.continue;
      if (!next) return page.metadata.resourceVersion;
    }
  }

  async function relist(signal: AbortSignal): Promise<void> {
    resourceVersion = await options.listGate(() =>
      list(signal, sink.listBegins, (object) => sink.listed(object, served)),
    );
    sink.listEnds();
    backoff.reset();
    enter('watching', null);
    settled.open();
  }

  async function watch(signal: AbortSignal): Promise<void> {
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: resourceVersion ?? '',
      // The server ends the watch itself, at a moment of its own for each of us: client-go's reflector asks for 5 to 10 minutes.
      timeoutSeconds: Math.round(300 * (1 + Math.random())),
    };
    const onOpen = () => {
      open = true;
      contact();
      enter('watching', null);
    };
    const lines = api.lines(collectionPath(served, namespace), query, {
      idleTimeoutMs: timing.idleTimeoutMs,
      signal,
      onOpen,
    });
    for await (const batch of lines) {
      signal.throwIfAborted();
      contact();
      backoff.reset();
      for (const line of batch) apply(JSON.parse(line) as WatchEvent);
    }
  }

  function apply(event: WatchEvent): void {
    if (event.type === 'ERROR')
      throw new ApiStatusError(event.object.code ?? 500, event.object.message ?? 'watch error');
    if (event.type !== 'BOOKMARK') sink.changed(event.type, event.object, served);
    // Only after the object is taken in: a failure above makes the next watch deliver it again.
    resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
  }

  /** Returns how long to wait before the next try. */
  function failed(error: unknown): number {
    if (error instanceof ApiStalledError && open) {
      metrics.watchRestarts.inc({ resource: name, reason: 'idle' });
      return 0;
    }
    if (isExpired(error)) {
      metrics.relists.inc({ resource: name, reason: 'expired' });
      resourceVersion = null;
      return backoff.nextMs();
    }
    if (error instanceof ApiStatusError && (error.status === 403 || error.status === 404)) {
      resourceVersion = null;
      const second = served.fallback;
      served = second ?? options.resource;
      if (second !== undefined) return 0;
      enter('invisible', `${error.status} ${error.status === 403 ? 'forbidden' : 'not served'}`);
      settled.open();
      return timing.recheckMs * (0.75 + Math.random() / 2);
    }
    metrics.watchRestarts.inc({
      resource: name,
      reason: error instanceof ApiStatusError ? `http-${error.status}` : 'connection',
    });
    // A server that lost its history (restored from a backup) refuses a version from its future for good: start from what there is.
    if (error instanceof ApiStatusError && error.status >= 500 && /resource version/i.test(error.message))
      resourceVersion = null;
    enter('retrying', error instanceof Error ? describe(error) : String(error));
    settled.open();
    return Math.max(backoff.nextMs(), error instanceof ApiStatusError ? (error.retryAfterMs ?? 0) : 0);
  }

  async function follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      let waitMs = 0;
      open = false;
      try {
        if (resourceVersion === null) await relist(signal);
        await watch(signal);
        // A clean end at once, without a word, is no watch: something in between closes what it should hold.
        if (performance.now() - began < 1000) waitMs = backoff.nextMs();
        metrics.watchRestarts.inc({ resource: name, reason: 'ended' });
      } catch (error) {
        if (signal.aborted) return;
        waitMs = failed(error);
        log.debug({ err: error, waitMs }, 'list-watch interrupted');
      }
      await delay(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  async function resyncNow(signal: AbortSignal): Promise<void> {
    const nothing = () => {};
    await options.listGate(() => list(signal, nothing, (object) => sink.relisted(object, served)));
  }

  /** The first comes after a random part of the period, so that the kinds are spread over it from then on. */
  async function resync(signal: AbortSignal): Promise<void> {
    let waitMs = timing.resyncMs * (0.5 + Math.random() / 2);
    while (!signal.aborted) {
      await delay(waitMs, undefined, { signal }).catch(() => {});
      waitMs = timing.resyncMs * (0.95 + Math.random() / 10);
      if (signal.aborted || state !== 'watching') continue;
      // Next time, then: the watch itself is what notices and reports that the server is away.
      await resyncNow(signal).catch((error: unknown) => log.debug({ err: error }, 'resync interrupted'));
    }
  }

  return {
    resource: options.resource,
    namespace,
    settled: settled.opened,
    async run(signal) {
      await Promise.all([follow(signal), resync(signal)]);
      settled.open();
    },
    status: () => ({
      state,
      problem,
      sinceMs: performance.now() - stateSince,
      silentMs: lastContact === null ? null : performance.now() - lastContact,
    }),
  };
}

function createLatch(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

interface ListPage {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly ServedObject[] | null;
}

type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: ServedObject }
  | { readonly type: 'ERROR'; readonly object: { readonly code?: number; readonly message?: string } };

function isExpired(error: unknown): boolean {
  return error instanceof ApiStatusError && error.status === 410;
}

function describe(error: Error): string {
  const status = error instanceof ApiStatusError ? `${error.status} ` : '';
  return `${status}${error.message || ('code' in error ? String(error.code) : error.name)}`;
}
