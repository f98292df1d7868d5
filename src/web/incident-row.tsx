import type { JSX } from 'preact';
import { memo } from './memo.js';
import { incidentHref } from './address.js';
import { eventNow } from './event-time.js';
import { Moment, SeverityMark, StatusMark } from './marks.js';
import { duration, toMs } from './moments.js';
import type { IncidentRow } from './queries.js';
import { entityWords, percent, sureness } from './words.js';

const mostHit = 4;

/** One incident in a list: what broke, why, what it hit, since when, how sure. The whole of it is its link. */
export const IncidentRowItem = memo(function IncidentRowItem({ row }: { readonly row: IncidentRow }): JSX.Element {
  const hit = row.affected.filter(({ role }) => role === 'AFFECTED').map(({ entity }) => entity);
  return (
    <li class={`incident-row ${row.status.toLowerCase()} ${row.severity.toLowerCase()}`}>
      <div class="incident-row-marks">
        <SeverityMark severity={row.severity} />
        {row.status !== 'OPEN' && <StatusMark status={row.status} />}
      </div>
      <h3>
        <a href={incidentHref(row.id)}>{row.title}</a>
      </h3>
      <p class="incident-row-cause">{row.rootCause}</p>
      {hit.length > 0 && (
        <p class="incident-row-hit">
          <span class="label">Hits</span>
          {hit.slice(0, mostHit).map((entity) => (
            <span key={entity.id} class="hit" title={entity.id}>
              {entityWords(entity)}
            </span>
          ))}
          {hit.length > mostHit && <span class="hit-more">and {hit.length - mostHit} more</span>}
        </p>
      )}
      <dl class="incident-row-facts">
        <div>
          <dt>Since</dt>
          <dd>
            <Moment time={row.openedAt} />
          </dd>
        </div>
        <div>
          <dt>{row.resolvedAt === null ? 'For' : 'Lasted'}</dt>
          <dd>
            <Lasting row={row} />
          </dd>
        </div>
        <div>
          <dt>Sure</dt>
          <dd title={sureness(row.confidence)}>{percent(row.confidence)}</dd>
        </div>
      </dl>
    </li>
  );
});

/** By itself, so that the second hand draws one text and not the row. */
export function Lasting({ row }: { readonly row: Pick<IncidentRow, 'openedAt' | 'resolvedAt'> }): JSX.Element {
  const untilMs = row.resolvedAt === null ? eventNow.value : toMs(row.resolvedAt);
  return <>{duration(untilMs - toMs(row.openedAt))}</>;
}
