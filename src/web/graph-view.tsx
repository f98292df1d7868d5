import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { address, adjust, entityHref, incidentHref } from './address.js';
import { useAnswer } from './answers.js';
import { drawing, failingAt, happenings, type Detail, type Happening } from './cluster-then.js';
import { ClusterMoments } from './cluster-moments.js';
import { PastNote } from './connection-note.js';
import { EntityPicker } from './entity-picker.js';
import { eventNow } from './event-time.js';
import { GraphPanel } from './graph-panel.js';
import { incidents, loadedAt, loadFailure, reload, resolved, unresolved } from './incidents.js';
import { EntityLink, SeverityMark } from './marks.js';
import { clockTime, fullTime, toMs } from './moments.js';
import { incidentPage, type IncidentPage, type IncidentRow } from './queries.js';
import { Empty, Failed, Loading } from './states.js';
import { useStories } from './stories.js';
import { TimeSlider } from './time-slider.js';
import { useTopologies } from './topologies.js';
import { categoryWords, counted } from './words.js';

/** Looked at on both sides of what happened. */
const marginMs = 120_000;
/** How far back incidents are looked for, and the range without any. */
const plainRangeMs = 3_600_000;
/** Incidents whose stories are laid over the topology. */
const mostStories = 6;
/** Pods and their owners, which are not drawn, take steps too. */
const plainDepth = 3;
const lastHappenings = 8;
const details: readonly { readonly value: Detail; readonly name: string }[] = [
  { value: 'workloads', name: 'Workloads and services' },
  { value: 'pods', name: 'Pods too' },
  { value: 'everything', name: 'Everything' },
];

/** The cluster around one thing as it was at any moment: what is there, what fails, what led to what. */
export function GraphView(): JSX.Element {
  const { searchParams } = address.value;
  const newest = unresolved.value[0] ?? resolved.value[0];
  const entity = searchParams.get('entity') ?? newest?.rootCauseEntity?.id ?? newest?.affected[0]?.entity.id ?? null;
  if (loadedAt.value === null && loadFailure.value) {
    return <Failed what="The graph" failure={loadFailure.value} again={() => void reload()} />;
  }
  if (loadedAt.value === null) return <Loading what="the graph" />;
  if (entity !== null) return <Around key={entity} entity={entity} />;
  return (
    <Empty title="Around what?">
      <p>Nothing has been broken so far that the graph could begin with. Choose something of the cluster:</p>
      <EntityPicker value="" />
    </Empty>
  );
}

/** Fixes the range of time: one that grew under the hand would move the slider. */
function Around({ entity }: { readonly entity: string }): JSX.Element {
  const [begin] = useState(() => {
    const asked = address.peek().searchParams.get('at');
    const newest = unresolved.peek()[0] ?? resolved.peek()[0];
    const ms = asked === null ? NaN : toMs(asked);
    return Number.isNaN(ms) ? (newest ? toMs(newest.openedAt) : eventNow.peek()) : ms;
  });
  const since = new Date(begin - plainRangeMs).toISOString();
  const until = new Date(begin + plainRangeMs / 2).toISOString();
  const { data, failure, again } = useAnswer<IncidentPage>(incidentPage, {
    first: mostStories,
    filter: { since, until },
  });
  const range = useMemo(
    () =>
      data &&
      rangeOf(
        begin,
        data.incidents.edges.map(({ node }) => node),
      ),
    [data],
  );
  if (range) return <Moving entity={entity} begin={begin} range={range} />;
  if (failure) return <Failed what="The graph" failure={failure} again={again} />;
  return <Loading what="the graph" />;
}

interface MovingProperties {
  readonly entity: string;
  readonly begin: number;
  readonly range: Range;
}

function Moving({ entity, begin, range }: MovingProperties): JSX.Element {
  const { searchParams } = address.value;
  const detail = details.find(({ value }) => value === searchParams.get('show'))?.value ?? 'workloads';
  const depth = Math.min(6, Math.max(1, Number(searchParams.get('depth') ?? plainDepth) || plainDepth));
  const [ms, setMs] = useState(begin);
  const at = new Date(ms).toISOString();
  useEffect(() => {
    const timer = setTimeout(() => adjust({ entity, at }), 300);
    return () => clearTimeout(timer);
  }, [entity, at]);
  const topologies = useTopologies({ entity, depth, at, moments: range.moments });
  const stories = useStories(
    range.rows.map(({ id, revision }) => ({ id, revision: incidents.value.get(id)?.revision ?? revision })),
  );
  const [selected, setSelected] = useState<string | null>(null);
  const { now, union, unionRelations } = topologies;

  const failing = useMemo(() => failingAt(stories, ms), [stories, ms]);
  const happened = useMemo(() => happenings(stories, union), [stories, union]);
  const drawn = useMemo(
    () => (now ? drawing({ union, unionRelations, now, ms, stories, failing, detail }) : null),
    [now, union, unionRelations, ms, stories, failing, detail],
  );
  if (!now && topologies.failure) {
    if (topologies.failure.code === 'NOT_FOUND') {
      return (
        <Empty title="Nothing is known of this">
          <p>There is no entity {entity}.</p>
          <EntityPicker value="" />
        </Empty>
      );
    }
    return <Failed what="The graph" failure={topologies.failure} again={topologies.again} />;
  }
  if (!now || !drawn) return <Loading what="the graph" />;
  const wrong = drawn.present.flatMap(({ id }) => failing.get(id) ?? []);
  const inRange = happened.filter((each) => each.ms >= range.beginMs && each.ms <= range.endMs);
  const open = range.rows.filter(
    ({ openedAt, resolvedAt }) => toMs(openedAt) <= ms && (resolvedAt === null || toMs(resolvedAt) > ms),
  );
  const focus = selected === null ? undefined : union.find(({ id }) => id === selected);
  return (
    <div class="graph-view">
      <h1 tabIndex={-1}>
        Around <span class="entity-kind">{now.root.kind}</span> {now.root.name}
      </h1>
      <PastNote />
      <div class="graph-settings">
        <EntityPicker value={entity} />
        <label>
          Show{' '}
          <select value={detail} onChange={(event) => adjust({ show: event.currentTarget.value })}>
            {details.map(({ value, name }) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Steps{' '}
          <select value={String(depth)} onChange={(event) => adjust({ depth: event.currentTarget.value })}>
            {[1, 2, 3, 4].map((steps) => (
              <option key={steps} value={String(steps)}>
                {steps}
              </option>
            ))}
          </select>
        </label>
      </div>
      <section class="panel" aria-label="The graph at a moment">
        <TimeSlider
          ms={ms}
          beginMs={range.beginMs}
          endMs={range.endMs}
          happenings={inRange}
          incidents={range.rows}
          onMove={setMs}
        />
        <div class="chain-body">
          <GraphPanel
            nodes={drawn.nodes}
            edges={drawn.edges}
            label={`Topology of ${counted(drawn.present.length, 'thing')} at ${fullTime(at)}; what fails is listed beside it`}
            selected={selected}
            onSelect={(id) => setSelected(id !== null && union.some((node) => node.id === id) ? id : null)}
            maxHeight={640}
            arrangement={`${entity} ${depth} ${detail}`}
          />
          <div class="chain-side" aria-live="polite">
            {focus && (
              <div class="event-card">
                <p class="event-card-head">
                  <EntityLink entity={focus} />
                  <a href={`/graph?entity=${encodeURIComponent(focus.id)}&at=${encodeURIComponent(at)}`}>Go there</a>
                </p>
                <p>{failing.get(focus.id)?.event.message ?? 'Nothing is wrong with it at this moment.'}</p>
              </div>
            )}
            <h2>
              {wrong.length === 0
                ? 'Nothing here fails'
                : `${counted(wrong.length, 'thing')} ${wrong.length === 1 ? 'fails' : 'fail'}`}{' '}
              at {clockTime(at, eventNow.value)}
            </h2>
            <ul class="failing">
              {wrong.map(({ entity: thing, event }) => (
                <li key={thing.id}>
                  <SeverityMark severity={event.severity} /> <EntityLink entity={thing} />{' '}
                  <span class="hit-what">{categoryWords(event.category)}</span>
                </li>
              ))}
            </ul>
            {open.map((row) => (
              <p key={row.id} class="fine">
                Incident: <a href={incidentHref(row.id)}>{row.title}</a>
              </p>
            ))}
            <ClusterMoments happenings={lastOf(inRange, ms)} />
          </div>
        </div>
        {now.truncated && <p class="fine">More lies within reach than can be shown: take fewer steps.</p>}
        <details>
          <summary>{counted(drawn.present.length, 'thing')} in the graph, as a list</summary>
          <ul class="thing-list">
            {drawn.present.map((thing) => (
              <li key={thing.id}>
                <a href={entityHref(thing.id)}>
                  {thing.kind} {thing.name}
                </a>
                {failing.has(thing.id) && <> · {categoryWords(failing.get(thing.id)!.event.category)}</>}
              </li>
            ))}
          </ul>
        </details>
      </section>
    </div>
  );
}

function lastOf(all: readonly Happening[], ms: number): readonly Happening[] {
  return all
    .filter((each) => each.ms <= ms)
    .slice(-lastHappenings)
    .reverse();
}

interface Range {
  readonly beginMs: number;
  readonly endMs: number;
  readonly rows: readonly IncidentRow[];
  /** Of which the topology is asked at once, so that nothing jumps later. */
  readonly moments: readonly string[];
}

/** From a little before the first of the incidents to a little after the last of them, and never past what is known. */
function rangeOf(middleMs: number, rows: readonly IncidentRow[]): Range {
  const nowMs = eventNow.peek();
  const times = rows.flatMap(({ openedAt, resolvedAt }) => [
    toMs(openedAt),
    resolvedAt === null ? nowMs : toMs(resolvedAt),
  ]);
  const beginMs = times.length === 0 ? middleMs - plainRangeMs : Math.min(middleMs, ...times) - marginMs;
  const endMs = Math.max(middleMs, Math.min(nowMs, Math.max(middleMs, ...times) + marginMs));
  const moments = [beginMs, ...rows.map(({ openedAt }) => toMs(openedAt)), endMs].map((each) =>
    new Date(each).toISOString(),
  );
  return { beginMs, endMs, rows, moments };
}
