import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer } from './answers.js';
import { EventLine } from './chain.js';
import { eventNow } from './event-time.js';
import { EntityLink } from './marks.js';
import { entityQuestions, type EntityQuestions } from './queries.js';
import { Failed, Loading } from './states.js';
import { counted, percent } from './words.js';

/** Changes are looked for in the day before the moment asked about. */
const within = 'P1D';
const atOnce = 12;

/** What one asks of a thing that is in trouble: what was changed on it or near it before, and who would feel it. */
export function ChangesAndReach({ id, before }: { readonly id: string; readonly before: string | null }): JSX.Element {
  // Now, as of when one began to look: an answer that ages is better than one that is asked for each second.
  const [now] = useState(() => new Date(eventNow.peek()).toISOString());
  const { data, failure, again } = useAnswer<EntityQuestions>(entityQuestions, {
    entity: id,
    before: before ?? now,
    within,
  });
  const [all, setAll] = useState(false);
  if (failure) return <Failed what="What changed before, and who would feel it," failure={failure} again={again} />;
  if (!data) return <Loading what="what changed before" />;
  const { blastRadius, whatChanged } = data;
  const felt = all ? blastRadius.dependents : blastRadius.dependents.slice(0, atOnce);
  return (
    <>
      <section class="panel" aria-labelledby="changed">
        <h2 id="changed">
          {before === null ? 'What changed in the last day' : 'What changed in the day before its last incident'}
        </h2>
        {whatChanged.length === 0 ? (
          <p>No change of it, or near it, was seen.</p>
        ) : (
          <ol class="event-list">
            {whatChanged.map(({ event, distance, score }) => (
              <EventLine
                key={event.id}
                event={event}
                note={`${distance === 0 ? 'on itself' : `${counted(distance, 'step')} away`}, weighs ${percent(score)}`}
              />
            ))}
          </ol>
        )}
        <p class="fine">Ranked by kind, nearness and time. A change is a question, not a verdict.</p>
      </section>
      <section class="panel" aria-labelledby="reach">
        <h2 id="reach">Who would feel its failure</h2>
        {felt.length === 0 ? (
          <p>Nothing is known to depend on it.</p>
        ) : (
          <ul class="reach">
            {felt.map(({ entity, distance }) => (
              <li key={entity.id}>
                <EntityLink entity={entity} /> <span class="fine">{counted(distance, 'step')}</span>
              </li>
            ))}
          </ul>
        )}
        {blastRadius.dependents.length > atOnce && !all && (
          <button type="button" class="link" onClick={() => setAll(true)}>
            and {blastRadius.dependents.length - atOnce} more{blastRadius.truncated && ', as far as was looked'}
          </button>
        )}
      </section>
    </>
  );
}
