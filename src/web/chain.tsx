import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { EntityLink, Moment, SeverityMark } from './marks.js';
import { GraphPanel } from './graph-panel.js';
import { memo } from './memo.js';
import type { GraphContent } from './graph-canvas.js';
import { lag } from './moments.js';
import type { CausalEdge, EntityName, IncidentStory, StoryEvent } from './queries.js';
import { stepsFromRoot, type Step } from './steps.js';
import { unitsOf } from './units.js';
import { categoryWords, counted, entityWords, percent } from './words.js';

/** How the trouble spread: the causal graph, and the same as a list of steps of which each unfolds to its evidence. */
export function Chain({ incident }: { readonly incident: IncidentStory }): JSX.Element {
  const [selected, setSelected] = useState<string | null>(null);
  const rootId = incident.rootCauses[0]?.event.id ?? null;
  const { nodes, edges } = incident.causalGraph;
  const events = useMemo(() => new Map(nodes.map((event) => [event.id, event])), [nodes]);
  const steps = useMemo(() => stepsFromRoot(edges, events, rootId), [edges, events, rootId]);
  const unitOf = useMemo(() => unitsOf(incident), [incident]);
  const content = useMemo(() => drawn(incident, rootId), [incident, rootId]);
  const event = selected === null ? undefined : events.get(selected);
  const linked = new Set(edges.flatMap(({ from, to }) => [from.id, to.id]));
  const alone = nodes.filter(({ id }) => !linked.has(id) && id !== rootId);
  const near = event ? steps.filter(({ edge }) => edge.from.id === event.id || edge.to.id === event.id) : steps;
  return (
    <section class="panel chain" aria-labelledby="chain">
      <h2 id="chain">How it spread</h2>
      {edges.length === 0 ? (
        <p>Nothing is known to have followed from it.</p>
      ) : (
        <div class="chain-body">
          <GraphPanel
            {...content}
            label={`Causal graph of ${counted(content.nodes.length, 'event')} and ${counted(edges.length, 'step')}; the same as a list follows`}
            selected={selected}
            onSelect={setSelected}
            maxHeight={620}
            arrangement={incident.id}
          />
          <div class="chain-side">
            {event ? (
              <EventCard event={event} leave={() => setSelected(null)} />
            ) : (
              <p class="hint">Each arrow is one step, thicker when surer. Choose one for its rule and evidence.</p>
            )}
            <ol class="steps" aria-label={event ? 'Steps from and to this event' : 'Steps, from the root cause on'}>
              {near.map((step) => (
                <StepItem key={step.id} step={step} unitOf={unitOf} open={selected === step.id} choose={setSelected} />
              ))}
            </ol>
          </div>
        </div>
      )}
      {incident.causalGraph.truncated && (
        <p class="fine">There is more than one graph can hold; the surest steps are shown.</p>
      )}
      {alone.length > 0 && (
        <details class="alone">
          <summary>{counted(alone.length, 'more finding')} of the same story</summary>
          <ul class="event-list">
            {alone.map((each) => (
              <EventLine key={each.id} event={each} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

/** One event in a line, with what else is to be said of it. */
export function EventLine({ event, note }: { readonly event: StoryEvent; readonly note?: string }): JSX.Element {
  return (
    <li class="event-line">
      <Moment time={event.timestamp} />
      <SeverityMark severity={event.severity} />
      <span class="event-message">
        {event.message}
        {event.count > 1 && <span class="fine"> · seen {event.count.toLocaleString('en')} times</span>}
        {note !== undefined && <span class="fine"> · {note}</span>}
      </span>
      <span class="category">{event.category}</span>
    </li>
  );
}

function EventCard({ event, leave }: { readonly event: StoryEvent; readonly leave: () => void }): JSX.Element {
  return (
    <div class="event-card" role="status">
      <p class="event-card-head">
        <EntityLink entity={event.entity} />
        <button type="button" class="link" onClick={leave}>
          Show all steps
        </button>
      </p>
      <p>{event.message}</p>
      <p class="fine">
        <Moment time={event.timestamp} /> UTC · {event.category} · seen by {event.type}
        {event.count > 1 && <> · {event.count.toLocaleString('en')} times</>}
      </p>
    </div>
  );
}

interface StepProperties {
  readonly step: Step;
  readonly unitOf: (event: StoryEvent) => EntityName;
  readonly open: boolean;
  readonly choose: (id: string | null) => void;
}

const StepItem = memo(function StepItem({ step, unitOf, open, choose }: StepProperties): JSX.Element {
  const { edge, from, to } = step;
  return (
    <li class={open ? 'step open' : 'step'}>
      <button type="button" aria-expanded={open} onClick={() => choose(open ? null : step.id)}>
        <span class="step-from">
          {entityWords(unitOf(from))} <em>{categoryWords(from.category)}</em>
        </span>
        <span class="step-to">
          <span aria-hidden="true">→ </span>
          <span class="unseen">led to </span>
          {entityWords(unitOf(to))} <em>{categoryWords(to.category)}</em>
        </span>
        <span class="step-facts">
          {percent(edge.confidence)} · {lag(edge.lagMs)}
        </span>
      </button>
      {open && <StepDetails edge={edge} />}
    </li>
  );
});

const scores = [
  { name: 'In time', of: 'temporal', about: 'order and delay, against what this rule is used to' },
  { name: 'In place', of: 'spatial', about: 'nearness in the topology' },
  { name: 'By the rule', of: 'causal', about: 'how strongly the rule itself holds' },
  { name: 'In words', of: 'semantic', about: 'whether the effect names the cause' },
] as const;

function StepDetails({ edge }: { readonly edge: CausalEdge }): JSX.Element {
  const [knowledge, ...seen] = edge.evidence;
  return (
    <div class="step-details">
      <p>
        <span class="label">Rule</span> <code>{edge.rule}</code>
      </p>
      {knowledge !== undefined && <p>{knowledge}</p>}
      <ul class="seen">
        {seen.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <dl class="scores">
        {scores.map(({ name, of, about }) => (
          <div key={of} title={about}>
            <dt>{name}</dt>
            <dd>
              <meter min={0} max={1} value={edge[of]} aria-label={`${name}: ${about}`} /> {edge[of].toFixed(2)}
            </dd>
          </div>
        ))}
      </dl>
      <p class="fine">
        Together {percent(edge.confidence)}; {lag(edge.lagMs)}.
      </p>
    </div>
  );
}

/** Width says how sure a step is: 1.2 pixels for a guess, 6 for certainty. */
const widthOf = (confidence: number): number => 1.2 + 4.8 * confidence ** 2;

function drawn(incident: IncidentStory, rootId: string | null): GraphContent {
  const { nodes, edges } = incident.causalGraph;
  const unitOf = unitsOf(incident);
  const linked = new Set(edges.flatMap(({ from, to }) => [from.id, to.id]));
  return {
    nodes: nodes
      .filter(({ id }) => linked.has(id))
      .map((event) => ({ ...event, unit: unitOf(event) }))
      .map(({ id, unit, category, severity }) => ({
        id,
        title: entityWords(unit),
        subtitle: categoryWords(category),
        tone: id === rootId ? 'root' : (severity.toLowerCase() as 'critical' | 'error' | 'warning' | 'info'),
      })),
    edges: edges.map((edge) => ({
      id: `${edge.from.id} ${edge.to.id}`,
      from: edge.from.id,
      to: edge.to.id,
      width: widthOf(edge.confidence),
      label: '',
      dashed: false,
      cause: false,
    })),
  };
}
