import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { EventLine } from './chain.js';
import { laneRows, type Mark } from './lane-rows.js';
import { EntityLink } from './marks.js';
import { clockTime, toMs } from './moments.js';
import type { IncidentStory } from './queries.js';
import { categoryWords, counted } from './words.js';

/** Lanes shown at once; the rest unfolds. */
const atOnce = 12;
/** A finger needs 24 pixels for each mark (WCAG 2.2), the turned one more. */
const markShare = (): number => (window.innerWidth <= 640 ? 0.13 : 0.035);
const ticks = [0, 0.25, 0.5, 0.75, 1];

/** When it happened: one lane for each thing, the root cause first, the event that began it marked. */
export function Lanes({ incident }: { readonly incident: IncidentStory }): JSX.Element | null {
  const rootEvent = incident.rootCauses[0]?.event ?? null;
  const { rows, beginMs, endMs } = useMemo(() => laneRows(incident, markShare()), [incident]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [all, setAll] = useState(false);
  if (rows.length === 0) return null;
  const marks = rows.flatMap((row) => row.marks);
  const mark =
    marks.find(({ id }) => id === chosen) ?? marks.find(({ events }) => events.some(({ id }) => id === rootEvent?.id));
  const percentOf = (ms: number): string => `${((ms - beginMs) / (endMs - beginMs)) * 100}%`;
  const shown = all ? rows : rows.slice(0, atOnce);
  return (
    <section class="panel" aria-labelledby="lanes">
      <h2 id="lanes">When it happened</h2>
      <div class="lanes">
        <div class="lane-axis" aria-hidden="true">
          {ticks.map((share) => (
            <span key={share} style={{ left: `${share * 100}%` }}>
              {clockTime(new Date(beginMs + share * (endMs - beginMs)).toISOString(), endMs)}
            </span>
          ))}
        </div>
        <ol aria-label="Lanes">
          {shown.map((row) => (
            <li key={row.entity.id} class={row.root ? 'lane root' : 'lane'}>
              <span class="lane-name">
                <EntityLink entity={row.entity} />
              </span>
              <span class="lane-track">
                {[
                  { ms: toMs(incident.openedAt), what: 'opened' },
                  ...(incident.resolvedAt === null ? [] : [{ ms: toMs(incident.resolvedAt), what: 'resolved' }]),
                ].map(({ ms, what }) => (
                  <span key={what} class={`lane-line ${what}`} style={{ left: percentOf(ms) }} aria-hidden="true" />
                ))}
                {row.marks.map((each) => (
                  <MarkButton
                    key={each.id}
                    mark={each}
                    left={percentOf(each.atMs)}
                    cause={each.events.some(({ id }) => id === rootEvent?.id)}
                    chosen={each === mark}
                    choose={() => setChosen(each.id)}
                    endMs={endMs}
                  />
                ))}
              </span>
            </li>
          ))}
        </ol>
        {rows.length > atOnce && !all && (
          <button type="button" class="more" onClick={() => setAll(true)}>
            Show {rows.length - atOnce} more lanes
          </button>
        )}
        <p class="lane-key fine" aria-hidden="true">
          <span class="key cause" /> what began it <span class="key line opened" /> opened{' '}
          {incident.resolvedAt !== null && (
            <>
              <span class="key line resolved" /> resolved
            </>
          )}
        </p>
      </div>
      {mark && (
        <ul class="event-list" aria-label="Events of the chosen mark" aria-live="polite">
          {mark.events.map((event) => (
            <EventLine key={event.id} event={event} />
          ))}
        </ul>
      )}
      {incident.events.totalCount > incident.events.edges.length && (
        <p class="fine">
          The first {incident.events.edges.length} of {counted(incident.events.totalCount, 'event')}.
        </p>
      )}
    </section>
  );
}

interface MarkProperties {
  readonly mark: Mark;
  readonly left: string;
  readonly cause: boolean;
  readonly chosen: boolean;
  readonly choose: () => void;
  readonly endMs: number;
}

function MarkButton({ mark, left, cause, chosen, choose, endMs }: MarkProperties): JSX.Element {
  const [first] = mark.events;
  const what = mark.events.length === 1 ? categoryWords(first!.category) : counted(mark.events.length, 'event');
  return (
    <button
      type="button"
      class={`lane-mark ${mark.severity.toLowerCase()}${cause ? ' cause' : ''}`}
      style={{ left }}
      aria-pressed={chosen}
      aria-label={`${clockTime(first!.timestamp, endMs)}: ${what}${cause ? ', what began it' : ''}`}
      title={mark.events.map(({ message }) => message).join('\n')}
      onClick={choose}
    >
      <span aria-hidden="true">{mark.events.length > 1 ? mark.events.length : ''}</span>
    </button>
  );
}
