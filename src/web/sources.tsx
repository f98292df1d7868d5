import type { JSX } from 'preact';
import { useAnswer } from './answers.js';
import { PastNote } from './connection-note.js';
import { eventNow } from './event-time.js';
import { incidents } from './incidents.js';
import { EntityLink, Moment } from './marks.js';
import { duration, toMs } from './moments.js';
import { figures, type Figures, type Source } from './queries.js';
import { loadSources, sourceFailure, sourceList } from './source-list.js';
import { Failed, Loading } from './states.js';
import { counted, sourceWords } from './words.js';

/** Who watches, how well, and how Throughline itself does. */
export function SourcesView(): JSX.Element {
  const list = sourceList.value;
  const failure = sourceFailure.value;
  return (
    <div class="sources-view">
      <h1 tabIndex={-1}>Sources</h1>
      <PastNote />
      {failure && <Failed what="The newest state of the sources" failure={failure} again={() => void loadSources()} />}
      {list === null && !failure && <Loading what="the sources" />}
      {list !== null && list.length === 0 && (
        <p>No source has reported yet. Without one nothing is seen: is an agent running?</p>
      )}
      {list !== null && list.length > 0 && <SourceTable list={list} />}
      <FiguresPanel />
      <p class="fine">
        Throughput, queues and dead letters of every process are Prometheus metrics: those of this one are at{' '}
        <a href="/metrics" target="_blank" rel="noreferrer">
          /metrics
        </a>
        .
      </p>
    </div>
  );
}

function SourceTable({ list }: { readonly list: readonly Source[] }): JSX.Element {
  return (
    <section class="panel" aria-label="Sources">
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">Cluster</th>
            <th scope="col">Sees</th>
            <th scope="col" class="number">
              Lost
            </th>
            <th scope="col">Last heard of</th>
          </tr>
        </thead>
        <tbody>
          {list.map((source) => (
            <tr key={`${source.cluster} ${source.source}`}>
              <th scope="row">{source.source}</th>
              <td>{source.cluster}</td>
              <td>
                <span class={`source ${source.state.toLowerCase()}`}>
                  <span class="dot" aria-hidden="true" /> {sourceWords[source.state]}
                </span>
                {source.reason !== null && <div class="source-reason">{source.reason}</div>}
              </td>
              <td class="number">{source.lost.toLocaleString('en')}</td>
              <td>
                <Moment time={source.lastSeen} />
                <div class="fine">{duration(eventNow.value - toMs(source.lastSeen))} ago</div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function FiguresPanel(): JSX.Element | null {
  const { data, failure, again } = useAnswer<Figures>(figures, {}, incidents.value);
  if (failure) return <Failed what="The figures" failure={failure} again={again} />;
  if (!data) return null;
  const { stats } = data;
  return (
    <section class="panel" aria-labelledby="figures">
      <h2 id="figures">Incidents so far</h2>
      <dl class="figures">
        <div>
          <dt>Open</dt>
          <dd>{stats.open.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>In all</dt>
          <dd>
            {stats.opened.toLocaleString('en')}
            {stats.truncated && ' (the newest)'}
          </dd>
        </div>
        <div>
          <dt>To detect</dt>
          <dd>{stats.meanTimeToDetectMs === null ? '–' : duration(stats.meanTimeToDetectMs)}</dd>
        </div>
        <div>
          <dt>To resolve</dt>
          <dd>{stats.meanTimeToResolveMs === null ? '–' : duration(stats.meanTimeToResolveMs)}</dd>
        </div>
      </dl>
      {stats.topRootCauseEntities.length > 0 && (
        <>
          <h3>Most often the root cause</h3>
          <ul class="tops">
            {stats.topRootCauseEntities.map(({ entity, count }) => (
              <li key={entity.id}>
                <EntityLink entity={entity} /> <span class="fine">{counted(count, 'incident')}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
