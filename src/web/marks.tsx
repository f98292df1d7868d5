import type { JSX } from 'preact';
import { entityHref } from './address.js';
import { eventNow } from './event-time.js';
import { clockTime, fullTime } from './moments.js';
import type { EntityName, Severity, Status } from './queries.js';
import { entityWords, severityWords, statusWords } from './words.js';

/** Severity by shape, colour and word: none of them alone. */
export function SeverityMark({ severity }: { readonly severity: Severity }): JSX.Element {
  return (
    <span class={`severity ${severity.toLowerCase()}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {shapes[severity]}
      </svg>
      {severityWords[severity]}
    </span>
  );
}

const shapes: Readonly<Record<Severity, JSX.Element>> = {
  CRITICAL: <path d="M5 1 h6 l4 4 v6 l-4 4 h-6 l-4 -4 v-6 z" fill="currentColor" />,
  ERROR: <circle cx="8" cy="8" r="6.5" fill="currentColor" />,
  WARNING: <path d="M8 1.5 L15.2 14.5 H0.8 Z" fill="currentColor" />,
  INFO: <rect x="2.5" y="2.5" width="11" height="11" rx="2" fill="none" stroke="currentColor" stroke-width="2" />,
};

export function StatusMark({ status }: { readonly status: Status }): JSX.Element {
  return <span class={`status ${status.toLowerCase()}`}>{statusWords[status]}</span>;
}

/** An event time, short; its date and zone are one hover away. */
export function Moment({ time }: { readonly time: string }): JSX.Element {
  return (
    <time dateTime={time} title={fullTime(time)}>
      {clockTime(time, eventNow.value)}
    </time>
  );
}

export function EntityLink({ entity }: { readonly entity: EntityName }): JSX.Element {
  return (
    <a class="entity" href={entityHref(entity.id)} title={entity.id}>
      <span class="entity-kind">{entity.kind}</span> {entityWords(entity).slice(entity.kind.length + 1)}
    </a>
  );
}
