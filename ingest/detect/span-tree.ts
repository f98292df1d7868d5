import type { TraceContext } from '../../src/model/unified-event.js';
import type { OperationRun, Step } from './operation-profile.js';

/**
 * Puts finished spans and the log lines that carry their ids together into runs of operations and calls between services. A span is looked
 * at when its children and its lines have had time to come; nothing is kept longer than {@link keepMs} of event time, nor more than
 * {@link maxWaiting} spans.
 */
export interface SpanTree<Place extends SpanPlace> {
  ended(span: EndedSpan<Place>): void;
  /** A log line of a span that may still run. */
  logged(spanId: string, atMs: number, step: Step): void;
  /** Everything that is complete by this moment of event time. */
  complete(nowMs: number): Completed<Place>;
  readonly size: number;
}

export interface SpanPlace {
  /** What tells services apart. */
  readonly service: string;
}

export interface EndedSpan<Place> {
  readonly place: Place;
  readonly trace: TraceContext & { readonly spanId: string };
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
}

export interface CompletedRun<Place> {
  readonly place: Place;
  /** The operation, told apart by the operation of the same service that it is a part of. */
  readonly key: string;
  readonly name: string;
  readonly run: OperationRun;
}

export interface CompletedCall<Place> {
  readonly caller: Place;
  readonly callee: Place;
  readonly endMs: number;
  /** On the caller's side. */
  readonly durationMs: number;
  /**
   * What of it the callee's side does not account for: the network, and waiting at both ends. Null where the caller did not wait, or has
   * no span of its own for the call.
   */
  readonly gapMs: number | null;
  readonly failed: boolean;
  readonly trace: TraceContext;
}

export interface Completed<Place> {
  readonly runs: readonly CompletedRun<Place>[];
  readonly calls: readonly CompletedCall<Place>[];
}

/** Lines may be stamped after their span has ended, by the way they take. */
const settleMs = 2_000;
const keepMs = 60_000;
const maxWaiting = 100_000;

interface Child<Place> {
  readonly span: EndedSpan<Place>;
  readonly run: OperationRun;
  /** The span is one end of a call to another service: its name for the callee's operation. */
  readonly calls: string | null;
}

interface Line {
  readonly atMs: number;
  readonly step: Step;
}

/** What frameworks and people call what runs when something has failed. */
const errorOperation = /error|exception|fallback/i;

export function createSpanTree<Place extends SpanPlace>(): SpanTree<Place> {
  let queue: EndedSpan<Place>[] = [];
  /** The same by parent: a callee on another clock may seem to end after its caller, and is to be looked at before it. */
  const queued = new Map<string, EndedSpan<Place>[]>();
  const children = new Map<string, Child<Place>[]>();
  const lines = new Map<string, Line[]>();
  let waiting = 0;

  const keep = <Item>(map: Map<string, Item[]>, id: string, item: Item): void => {
    const list = map.get(id);
    if (list) list.push(item);
    else map.set(id, [item]);
    waiting += 1;
  };

  const take = <Item>(map: Map<string, Item[]>, id: string): Item[] => {
    const list = map.get(id);
    if (!list) return [];
    map.delete(id);
    waiting -= list.length;
    return list;
  };

  function settle(
    span: EndedSpan<Place>,
    completed: { runs: CompletedRun<Place>[]; calls: CompletedCall<Place>[] },
  ): void {
    const own = take(children, span.trace.spanId);
    const said = take(lines, span.trace.spanId);
    const taken: Line[] = said.map(({ atMs, step }) => ({ atMs, step }));
    // One end of a call: a span around another service's, and nothing else. It takes as long as the network and the callee do.
    const [only] = own;
    const isCall = own.length === 1 && said.length === 0 && only!.span.place.service !== span.place.service;
    const calls = isCall ? `${only!.span.place.service} ${only!.span.name}` : null;
    for (const { span: child, run, calls: inner } of own) {
      const { name, place, startMs, endMs } = child;
      if (place.service !== span.place.service) {
        const durationMs = span.endMs - span.startMs;
        completed.calls.push({
          caller: span.place,
          callee: place,
          endMs: span.endMs,
          durationMs,
          gapMs: isCall && endMs <= span.endMs + 1 ? Math.max(0, durationMs - (endMs - startMs)) : null,
          failed: span.failed || child.failed,
          trace: span.trace,
        });
        completed.runs.push({ place, key: name, name, run });
        taken.push({ atMs: startMs, step: { name: `${place.service} ${name}`, of: 'call', error: false } });
      } else if (inner !== null) taken.push({ atMs: startMs, step: { name: inner, of: 'call', error: false } });
      else {
        taken.push({ atMs: startMs, step: { name, of: 'operation', error: errorOperation.test(name) } });
        completed.runs.push({ place, key: `${span.name} > ${name}`, name, run });
      }
    }
    taken.sort((a, b) => a.atMs - b.atMs);
    const steps = taken.map(({ step }) => step);
    const run: OperationRun = {
      endMs: span.endMs,
      selfMs: span.endMs - span.startMs - covered(span, own),
      failed: span.failed || steps.some(({ error }) => error),
      steps,
      trace: span.trace,
    };
    if (span.parentSpanId === null) completed.runs.push({ place: span.place, key: span.name, name: span.name, run });
    else keep(children, span.parentSpanId, { span, run, calls });
  }

  function leaveQueue({ parentSpanId, trace }: EndedSpan<Place>): void {
    const siblings = parentSpanId === null ? undefined : queued.get(parentSpanId);
    if (!siblings) return;
    const left = siblings.filter((sibling) => sibling.trace.spanId !== trace.spanId);
    if (left.length > 0) queued.set(parentSpanId!, left);
    else queued.delete(parentSpanId!);
  }

  /** What has waited too long for a parent counts by itself; lines of spans that nobody sent do not. */
  function sweep(nowMs: number, runs: CompletedRun<Place>[]): void {
    for (const [id, [first]] of children) {
      if (waiting <= maxWaiting && first!.run.endMs > nowMs - keepMs) break;
      for (const { span, run, calls } of take(children, id))
        if (calls === null) runs.push({ place: span.place, key: span.name, name: span.name, run });
    }
    for (const [id, [first]] of lines) {
      if (waiting <= maxWaiting && first!.atMs > nowMs - keepMs) break;
      take(lines, id);
    }
  }

  return {
    ended(span) {
      queue.push(span);
      if (span.parentSpanId === null) return;
      const siblings = queued.get(span.parentSpanId);
      if (siblings) siblings.push(span);
      else queued.set(span.parentSpanId, [span]);
    },
    logged(spanId, atMs, step) {
      keep(lines, spanId, { atMs, step });
    },
    complete(nowMs) {
      const completed = { runs: [] as CompletedRun<Place>[], calls: [] as CompletedCall<Place>[] };
      const ready = queue.findIndex(({ endMs }) => endMs > nowMs - settleMs);
      const due = ready === -1 ? queue : queue.slice(0, ready);
      const settled = new Set<EndedSpan<Place>>();
      const withChildren = (span: EndedSpan<Place>): void => {
        if (settled.has(span)) return;
        settled.add(span);
        const below = queued.get(span.trace.spanId);
        queued.delete(span.trace.spanId);
        for (const child of below ?? []) withChildren(child);
        settle(span, completed);
      };
      for (const span of due) withChildren(span);
      queue = queue.filter((span) => !settled.has(span));
      for (const span of settled) leaveQueue(span);
      sweep(nowMs, completed.runs);
      return completed;
    },
    get size() {
      return queue.length + waiting;
    },
  };
}

/** Time of the span during which a child ran. */
function covered<Place>({ startMs, endMs }: EndedSpan<Place>, children: readonly Child<Place>[]): number {
  const intervals = children.map(({ span }) => span).sort((a, b) => a.startMs - b.startMs);
  let sum = 0;
  let until = startMs;
  for (const child of intervals) {
    const from = Math.max(until, child.startMs);
    const to = Math.min(endMs, child.endMs);
    if (to <= from) continue;
    sum += to - from;
    until = to;
  }
  return sum;
}
