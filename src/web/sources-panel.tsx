import type { JSX } from 'preact';
import { eventNow } from './event-time.js';
import { sourceList } from './source-list.js';
import { duration, toMs } from './moments.js';
import { sourceWords } from './words.js';

/** Beside Now: who is watching, and how well. What nobody watches cannot be seen to break. */
export function SourcesPanel(): JSX.Element {
  const list = sourceList.value;
  const worse = list?.filter(({ state }) => state !== 'HEALTHY') ?? [];
  return (
    <aside class="watching" aria-labelledby="watching">
      <h2 id="watching">Watching</h2>
      {list !== null && list.length === 0 && (
        <p>No source has reported yet. Without one nothing is seen: is an agent running?</p>
      )}
      {list !== null && list.length > 0 && (
        <p>
          {worse.length === 0
            ? `${list.length === 1 ? 'The source is' : `All ${list.length} sources are`} healthy.`
            : `${worse.length} of ${list.length} sources see less than they could.`}
        </p>
      )}
      <ul class="source-list">
        {(list ?? []).map((source) => (
          <li key={`${source.cluster} ${source.source}`} class={`source ${source.state.toLowerCase()}`}>
            <span class="dot" aria-hidden="true" />
            <span class="source-name">{source.source}</span>
            <span class="source-state">
              {sourceWords[source.state]}
              {source.lost > 0 && `, ${source.lost.toLocaleString('en')} events lost`}
              <Silence lastSeen={source.lastSeen} />
            </span>
            {source.reason !== null && <span class="source-reason">{source.reason}</span>}
          </li>
        ))}
      </ul>
      <p>
        <a href="/sources">All about sources</a>
      </p>
    </aside>
  );
}

/** Sources are noted every 15 s: four times that is silence. */
const silentMs = 60_000;

function Silence({ lastSeen }: { readonly lastSeen: string }): JSX.Element | null {
  const ms = eventNow.value - toMs(lastSeen);
  return ms < silentMs ? null : <>, silent for {duration(ms)}</>;
}
