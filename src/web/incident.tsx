import type { JSX } from 'preact';
import { graphHref, incidentHref } from './address.js';
import { useAnswer } from './answers.js';
import { Causes } from './causes.js';
import { Chain } from './chain.js';
import { PastNote } from './connection-note.js';
import { Lasting } from './incident-row.js';
import { incidents, unresolved } from './incidents.js';
import { Lanes } from './lanes.js';
import { EntityLink, Moment, SeverityMark, StatusMark } from './marks.js';
import { story, type IncidentStory, type Story } from './queries.js';
import { Similar } from './similar.js';
import { Empty, Failed, Loading } from './states.js';
import { StoryPanel } from './story-panel.js';
import { counted, percent, sourceWords, sureness } from './words.js';

/** One incident: first its story, then the evidence for it. */
export function Incident({ id }: { readonly id: string }): JSX.Element {
  const known = incidents.value.get(id);
  const { data, failure, again } = useAnswer<Story>(story, { id }, known?.revision ?? null);
  if (data?.incident) return <Told incident={data.incident} />;
  if (data) {
    return (
      <Empty title="There is no such incident">
        <p>Its id is {id}. It may have been removed since the link was made.</p>
        <a href="/">To what is broken now</a>
      </Empty>
    );
  }
  if (failure) return <Failed what="This incident" failure={failure} again={again} />;
  return <Loading what={known ? `the story of ${known.title}` : 'the story'} />;
}

function Told({ incident }: { readonly incident: IncidentStory }): JSX.Element {
  const root = incident.rootCauses[0];
  return (
    <article class="incident">
      <header class="incident-head">
        <p class="back">
          <a href="/">Now</a>
          {unresolved.value.length > 0 && <span> · {counted(unresolved.value.length, 'open incident')}</span>}
        </p>
        <h1 tabIndex={-1}>{incident.title}</h1>
        <div class="incident-facts">
          <SeverityMark severity={incident.severity} />
          <StatusMark status={incident.status} />
          <span>
            {incident.resolvedAt === null ? 'since ' : ''}
            <Moment time={incident.openedAt} />
            {incident.resolvedAt !== null && (
              <>
                {' '}
                to <Moment time={incident.resolvedAt} />
              </>
            )}{' '}
            UTC, {incident.resolvedAt === null ? 'for ' : ''}
            <Lasting row={incident} />
          </span>
          <span title="Posterior probability of the root cause against its alternatives">
            {sureness(incident.confidence)} ({percent(incident.confidence)})
          </span>
          <span>revision {incident.revision}</span>
          <span>
            {incident.namespaces.length === 0 ? 'whole cluster' : incident.namespaces.join(', ')} · {incident.cluster}
          </span>
        </div>
        <PastNote />
        {incident.mergedIncident && (
          <p class="merged-note">
            This turned out to be a part of{' '}
            <a href={incidentHref(incident.mergedIncident.id)}>{incident.mergedIncident.title}</a>.
          </p>
        )}
      </header>
      <StoryPanel incident={incident} />
      <Chain incident={incident} />
      <Lanes incident={incident} />
      <Causes incident={incident} />
      <div class="pair">
        <section class="panel" aria-labelledby="affected">
          <h2 id="affected">Touched by it</h2>
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Where</th>
                <th scope="col">Role</th>
              </tr>
            </thead>
            <tbody>
              {incident.affected.map(({ role, entity }) => (
                <tr key={entity.id}>
                  <td>
                    <EntityLink entity={entity} />
                  </td>
                  <td>{entity.namespace ?? 'cluster'}</td>
                  <td>{role === 'ROOT_CAUSE' ? <strong>root cause</strong> : 'hit'}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {incident.rootCauseEntity && (
            <p>
              <a href={graphHref(incident.rootCauseEntity.id, incident.openedAt)}>
                The cluster around it at that moment
              </a>
            </p>
          )}
        </section>
        <section class="panel" aria-labelledby="life">
          <h2 id="life">Its life so far</h2>
          <ol class="life">
            {incident.timeline.map((entry) => (
              <li key={`${entry.at} ${entry.kind} ${entry.text}`}>
                <Moment time={entry.at} /> <span>{entry.text}</span>
              </li>
            ))}
          </ol>
          <h3>Who saw it</h3>
          <ul class="source-list">
            {incident.sourceHealth.map((source) => (
              <li key={source.source} class={`source ${source.state.toLowerCase()}`}>
                <span class="dot" aria-hidden="true" />
                <span class="source-name">{source.source}</span>
                <span class="source-state">{sourceWords[source.state]}</span>
                {source.reason !== null && <span class="source-reason">{source.reason}</span>}
              </li>
            ))}
          </ul>
        </section>
      </div>
      {root && <Similar incident={incident} />}
    </article>
  );
}
