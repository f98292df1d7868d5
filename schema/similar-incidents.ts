import { Field, Float, ObjectType } from 'type-graphql';
import { apiError } from '../src/api/errors.js';
import type { ApiContext } from './context.js';
import { Incident } from './incident.js';
import type { IncidentRow } from './incident.js';

const maxCompared = 200;
/** What each kind of likeness is worth; together 1. */
const weights = { category: 0.4, entity: 0.3, affected: 0.2, templates: 0.1 } as const;

@ObjectType({ simpleResolvers: true, description: 'An incident that is like another, and in what.' })
export class SimilarIncident {
  @Field(() => Incident, { description: 'The other one.' })
  readonly incident!: IncidentRow;

  @Field(() => Float, {
    description:
      '0 to 1: 0.4 for the same kind of cause, 0.3 for the same thing to blame, up to 0.2 for what both touch, up to 0.1 for what their events say.',
  })
  readonly score!: number;

  @Field(() => [String], { description: 'What makes up the score, in words.' })
  readonly because!: readonly string[];
}

/** The most alike first, of the newest two hundred that share the kind of cause or the thing to blame. Fails with NOT_FOUND. */
export async function similarIncidents(
  context: ApiContext,
  id: string,
  first: number,
): Promise<readonly SimilarIncident[]> {
  const { graph, loaders } = context;
  const incident = await loaders.incidents.load(id);
  if (!incident) throw apiError('NOT_FOUND', `No incident has the id ${id}.`);
  const rows = await graph.read<{ incident: IncidentRow }>('read/incidents-like', {
    id,
    category: incident.category,
    entity: incident.rootCauseEntityId ?? null,
    limit: maxCompared,
  });
  const others = rows.map((row) => row.incident);
  const ids = [id, ...others.map((other) => other.id)];
  const [affected, templates] = await Promise.all([
    Promise.all(ids.map(async (each) => new Set((await loaders.affected.load(each)).map(({ entity }) => entity.id)))),
    graph.read<{ incidentId: string; templates: string[] }>('read/incident-templates', { ids }),
  ]);
  const said = new Map(templates.map((row) => [row.incidentId, new Set(row.templates)]));
  const none: ReadonlySet<string> = new Set();
  return others
    .map((other, i): SimilarIncident => {
      const because: string[] = [];
      let score = 0;
      const add = (worth: number, share: number, text: string): void => {
        if (share === 0) return;
        score += worth * share;
        because.push(text);
      };
      add(weights.category, other.category === incident.category ? 1 : 0, `the same kind of cause, ${other.category}`);
      const same = Boolean(other.rootCauseEntityId) && other.rootCauseEntityId === incident.rootCauseEntityId;
      add(weights.entity, same ? 1 : 0, 'the same thing to blame');
      const touched = likeness(affected[0]!, affected[i + 1]!);
      add(weights.affected, touched, `${percent(touched)} of what either touches is touched by both`);
      const words = likeness(said.get(id) ?? none, said.get(other.id) ?? none);
      add(weights.templates, words, `${percent(words)} of what their events say is the same`);
      return { incident: other, score: Math.round(score * 1e4) / 1e4, because };
    })
    .sort((a, b) => b.score - a.score || (a.incident.openedAt > b.incident.openedAt ? -1 : 1))
    .slice(0, first);
}

/** Jaccard's index: what both have, of what either has. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const both = [...a].filter((each) => b.has(each)).length;
  return both === 0 ? 0 : both / (a.size + b.size - both);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
