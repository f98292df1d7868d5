import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { address, adjust } from './address.js';
import { PastNote } from './connection-note.js';
import { IncidentFilters } from './incident-filters.js';
import { filterOf, matches } from './incident-filter.js';
import { IncidentRowItem } from './incident-row.js';
import { connection, loadedAt, loadFailure, reload, resolved, unresolved } from './incidents.js';
import { SourcesPanel } from './sources-panel.js';
import { Failed, Loading } from './states.js';
import type { IncidentRow } from './queries.js';
import { counted } from './words.js';

/** Rows drawn at once: nobody reads more before narrowing, and a wall of a thousand stays quick. */
const atOnce = 30;

/** What is broken now, most urgent first. */
export function Now(): JSX.Element {
  const filter = filterOf(address.value.searchParams);
  const open = unresolved.value.filter((row) => matches(row, filter));
  const done = resolved.value.filter((row) => matches(row, filter));
  const narrowed = open.length !== unresolved.value.length || done.length !== resolved.value.length;
  const failure = loadFailure.value;
  if (loadedAt.value === null) {
    if (failure) return <Failed what="What is broken" failure={failure} again={() => void reload()} />;
    return <Loading what="what is broken" />;
  }
  return (
    <div class="now">
      <div class="now-main">
        <h1 tabIndex={-1} class={unresolved.value.length === 0 ? 'headline quiet' : 'headline'}>
          {headline(unresolved.value)}
        </h1>
        <PastNote />
        {failure && connection.value === 'live' && (
          <Failed what="The newest state" failure={failure} again={() => void reload()} />
        )}
        <IncidentFilters filter={filter} />
        {narrowed && (
          <p class="narrowed" role="status">
            {counted(open.length, 'open incident')} and {counted(done.length, 'resolved one')} match.{' '}
            <button
              type="button"
              class="link"
              onClick={() => adjust({ text: null, severity: null, namespace: null, kind: null })}
            >
              Show all
            </button>
          </p>
        )}
        <IncidentList label="Open incidents" rows={open} />
        {open.length === 0 && narrowed && <p class="nothing">Nothing open matches.</p>}
        {done.length > 0 && (
          <section aria-labelledby="lately">
            <h2 id="lately">Lately resolved</h2>
            <IncidentList label="Lately resolved incidents" rows={done} />
          </section>
        )}
        {unresolved.value.length === 0 && resolved.value.length === 0 && (
          <p class="nothing">
            No incident so far. When something breaks, its story appears here by itself: what broke first, what it hit,
            and what to do.
          </p>
        )}
      </div>
      <SourcesPanel />
    </div>
  );
}

function headline(rows: readonly IncidentRow[]): string {
  if (rows.length === 0) return 'Nothing is broken';
  const seen = rows.filter(({ status }) => status === 'ACKNOWLEDGED').length;
  const base = rows.length === 1 ? '1 thing is broken' : `${rows.length.toLocaleString('en')} things are broken`;
  return seen === 0 ? base : `${base}, ${seen} acknowledged`;
}

function IncidentList({
  label,
  rows,
}: {
  readonly label: string;
  readonly rows: readonly IncidentRow[];
}): JSX.Element | null {
  const [shown, setShown] = useState(atOnce);
  if (rows.length === 0) return null;
  return (
    <>
      <ol class="incidents" aria-label={label}>
        {rows.slice(0, shown).map((row) => (
          <IncidentRowItem key={row.id} row={row} />
        ))}
      </ol>
      {rows.length > shown && (
        <button type="button" class="more" onClick={() => setShown(shown + atOnce)}>
          Show {Math.min(atOnce, rows.length - shown)} more of {(rows.length - shown).toLocaleString('en')}
        </button>
      )}
    </>
  );
}
