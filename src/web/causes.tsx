import type { JSX } from 'preact';
import { EntityLink, Moment } from './marks.js';
import type { Evidence, IncidentStory, RankedCause } from './queries.js';
import { counted, percent } from './words.js';

/** Pieces of evidence shown before one asks for the rest: the strongest of them. */
const atOnce = 5;

/** Why this is the cause, what does not fit, and what else it could have been. */
export function Causes({ incident }: { readonly incident: IncidentStory }): JSX.Element | null {
  const [verdict, ...alternatives] = incident.rootCauses;
  if (!verdict) return null;
  const own = verdict.evidence.filter(({ text }) => !text.startsWith('explains '));
  const explains = verdict.evidence.filter(({ text }) => text.startsWith('explains '));
  const most = Math.max(...verdict.evidence.map(({ weight }) => Math.abs(weight)), 1);
  return (
    <div class="pair">
      <section class="panel" aria-labelledby="evidence">
        <h2 id="evidence">Why we think so</h2>
        <p class="verdict">
          <EntityLink entity={verdict.entity} /> <span class="category">{verdict.category}</span>{' '}
          <strong>{percent(verdict.confidence)}</strong>
        </p>
        <h3>Seen on it</h3>
        <EvidenceList evidence={own} most={most} />
        {explains.length > 0 && (
          <>
            <h3>{counted(explains.length, 'finding')} that it explains</h3>
            <EvidenceList evidence={explains} most={most} />
          </>
        )}
        <h3>What does not fit</h3>
        {incident.contradictions.length === 0 ? (
          <p>Nothing that was seen speaks against it.</p>
        ) : (
          <EvidenceList evidence={incident.contradictions} most={most} />
        )}
      </section>
      <section class="panel" aria-labelledby="alternatives">
        <h2 id="alternatives">What else it could have been</h2>
        {alternatives.length === 0 ? (
          <p>No other cause was a candidate.</p>
        ) : (
          <ol class="alternatives">
            {alternatives.map((cause) => (
              <Alternative key={cause.rank} cause={cause} />
            ))}
          </ol>
        )}
      </section>
    </div>
  );
}

function EvidenceList({
  evidence,
  most,
}: {
  readonly evidence: readonly Evidence[];
  readonly most: number;
}): JSX.Element {
  const strongest = [...evidence].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const rest = strongest.slice(atOnce);
  const items = (shown: readonly Evidence[]): JSX.Element => (
    <ul class="evidence">
      {shown.map(({ text, weight }) => (
        <li key={`${text} ${weight}`} class={weight < 0 ? 'against' : 'for'}>
          <meter
            min={0}
            max={most}
            value={Math.abs(weight)}
            title={`${weight.toFixed(1)} natural-log odds`}
            aria-label={`${weight < 0 ? 'Speaks against it' : 'Speaks for it'}, log odds ${weight.toFixed(1)}`}
          />
          <span>{text}</span>
        </li>
      ))}
    </ul>
  );
  return (
    <>
      {items(strongest.slice(0, atOnce))}
      {rest.length > 0 && (
        <details>
          <summary>and {rest.length} more</summary>
          {items(rest)}
        </details>
      )}
    </>
  );
}

function Alternative({ cause }: { readonly cause: RankedCause }): JSX.Element {
  return (
    <li>
      <p class="alternative-what">
        <EntityLink entity={cause.entity} /> <span class="category">{cause.category}</span>{' '}
        <strong>{percent(cause.confidence)}</strong>
      </p>
      <p class="alternative-message">
        <Moment time={cause.event.timestamp} /> {cause.event.message}
      </p>
      {cause.whyNot !== null && (
        <p class="why-not">
          <span class="label">Lost because</span> {cause.whyNot}.
        </p>
      )}
    </li>
  );
}
