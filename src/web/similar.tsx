import type { JSX } from 'preact';
import { incidentHref } from './address.js';
import { useAnswer } from './answers.js';
import { Lasting } from './incident-row.js';
import { Moment, StatusMark } from './marks.js';
import { similarIncidents, type IncidentStory, type SimilarIncidents } from './queries.js';
import { listed, percent } from './words.js';

/** Incidents that are like it, and in what: whoever mended the last one may know. */
export function Similar({ incident }: { readonly incident: IncidentStory }): JSX.Element | null {
  const { data } = useAnswer<SimilarIncidents>(similarIncidents, { incident: incident.id }, incident.revision);
  const others = data?.similarIncidents ?? [];
  if (others.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="similar">
      <h2 id="similar">Like it</h2>
      <ul class="similar">
        {others.map(({ incident: other, score, because }) => (
          <li key={other.id}>
            <StatusMark status={other.status} /> <a href={incidentHref(other.id)}>{other.title}</a>{' '}
            <span class="fine">
              {percent(score)} alike: {listed(because)} · since <Moment time={other.openedAt} />,{' '}
              <Lasting row={other} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
