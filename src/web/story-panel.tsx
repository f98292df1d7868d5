import type { JSX } from 'preact';
import { commandLines } from './command-lines.js';
import { Commands } from './commands.js';
import { EntityLink } from './marks.js';
import type { EntityName, IncidentStory, StoryEvent } from './queries.js';
import { unitsOf } from './units.js';
import { categoryWords, counted } from './words.js';

/** Things hit that are named at once; the rest unfolds. */
const mostHit = 6;

/** The story in three parts, for whoever has ten seconds: what broke, what it hit, what to do. */
export function StoryPanel({ incident }: { readonly incident: IncidentStory }): JSX.Element {
  const hit = hits(incident);
  const { mend, look } = commandLines(incident);
  const over = incident.status === 'RESOLVED';
  return (
    <section class="story" aria-label="The story">
      <div class="story-part broke">
        <h2>What broke</h2>
        <p class="lead">{incident.rootCause}</p>
        {incident.rootCauseEntity ? (
          <p>
            <EntityLink entity={incident.rootCauseEntity} />
            {incident.category !== null && <span class="category">{incident.category}</span>}
          </p>
        ) : (
          <p>What broke first is not known.</p>
        )}
      </div>
      <div class="story-part hit-part">
        <h2>What it hit</h2>
        {hit.length === 0 ? (
          <p class="lead">Nothing else so far.</p>
        ) : (
          <>
            <p class="lead">{counted(hit.length, 'thing')}:</p>
            <HitList hits={hit.slice(0, mostHit)} />
            {hit.length > mostHit && (
              <details>
                <summary>and {hit.length - mostHit} more</summary>
                <HitList hits={hit.slice(mostHit)} />
              </details>
            )}
          </>
        )}
      </div>
      <div class="story-part do">
        <h2>{over ? 'What to do, should it come back' : 'What to do'}</h2>
        <p class="lead">{incident.recommendation}</p>
        {mend.length > 0 && <Commands lines={mend} label="Commands that mend" />}
        {look.length > 0 && (
          <details open={mend.length === 0 && !over}>
            <summary>Look first: these change nothing</summary>
            <Commands lines={look} label="Commands that only look" />
          </details>
        )}
      </div>
    </section>
  );
}

interface Hit {
  readonly entity: EntityName;
  /** In words; null when no event of the story is on it. */
  readonly what: string | null;
}

const rank = { CRITICAL: 0, ERROR: 1, WARNING: 2, INFO: 3 } as const;

/** Each entity with the worst that happened to it. */
function hits(incident: IncidentStory): readonly Hit[] {
  const unitOf = unitsOf(incident);
  const worst = new Map<string, StoryEvent>();
  for (const { node } of incident.events.edges) {
    const { id } = unitOf(node);
    const known = worst.get(id);
    if (!known || rank[node.severity] < rank[known.severity]) worst.set(id, node);
  }
  return incident.affected
    .filter(({ role }) => role === 'AFFECTED')
    .map(({ entity }) => {
      const event = worst.get(entity.id);
      return { entity, what: event ? categoryWords(event.category) : null };
    });
}

function HitList({ hits: shown }: { readonly hits: readonly Hit[] }): JSX.Element {
  return (
    <ul class="hits">
      {shown.map(({ entity, what }) => (
        <li key={entity.id}>
          <EntityLink entity={entity} />
          {what !== null && <span class="hit-what">{what}</span>}
        </li>
      ))}
    </ul>
  );
}
