import type { JSX } from 'preact';
import { adjust } from './address.js';
import { severities, type IncidentFilter } from './incident-filter.js';
import { incidents } from './incidents.js';
import { severityWords } from './words.js';

/** Narrows Now. All of it stands in the address, so that a link shows the same. */
export function IncidentFilters({ filter }: { readonly filter: IncidentFilter }): JSX.Element {
  const namespaces = [...new Set([...incidents.value.values()].flatMap((row) => row.namespaces))].sort();
  const toggle = (severity: (typeof severities)[number]): void => {
    const wanted = severities.filter((each) => filter.severities.includes(each) !== (each === severity));
    adjust({ severity: wanted.join(',') });
  };
  return (
    <form class="filters" role="search" aria-label="Narrow the incidents" onSubmit={(event) => event.preventDefault()}>
      <label class="field">
        <span class="unseen">Text in an incident</span>
        <input
          type="search"
          placeholder="Find: name, cause, id"
          value={filter.text}
          onInput={(event) => adjust({ text: event.currentTarget.value })}
        />
      </label>
      <div class="chips" role="group" aria-label="Severity">
        {severities.map((severity) => (
          <button
            key={severity}
            type="button"
            class="chip"
            aria-pressed={filter.severities.includes(severity)}
            onClick={() => toggle(severity)}
          >
            {severityWords[severity]}
          </button>
        ))}
      </div>
      {(namespaces.length > 1 || filter.namespace !== null) && (
        <label class="field">
          <span class="unseen">Namespace</span>
          <select value={filter.namespace ?? ''} onChange={(event) => adjust({ namespace: event.currentTarget.value })}>
            <option value="">All namespaces</option>
            {namespaces.map((namespace) => (
              <option key={namespace} value={namespace}>
                {namespace}
              </option>
            ))}
          </select>
        </label>
      )}
    </form>
  );
}
