import type { JSX } from 'preact';
import { incidentHref } from './address.js';
import { useAnswer } from './answers.js';
import { Lasting } from './incident-row.js';
import { Moment, StatusMark } from './marks.js';
import { incidentPage, type IncidentPage, type IncidentStory } from './queries.js';

/** Incidents whose root cause was of the same category: whoever mended the last one may know. */
export function Similar({ incident }: { readonly incident: IncidentStory }): JSX.Element | null {
  const { data } = useAnswer<IncidentPage>(incidentPage, {
    first: 6,
    filter: { category: incident.category, cluster: incident.cluster },
  });
  const others = (data?.incidents.edges ?? []).map(({ node }) => node).filter(({ id }) => id !== incident.id);
  if (others.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="similar">
      <h2 id="similar">The same kind of cause before</h2>
      <ul class="similar">
        {others.map((other) => (
          <li key={other.id}>
            <StatusMark status={other.status} /> <a href={incidentHref(other.id)}>{other.title}</a>{' '}
            <span class="fine">
              since <Moment time={other.openedAt} />, <Lasting row={other} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
