import { Field, Int, ObjectType } from 'type-graphql';
import { apiError } from '../src/api/errors.js';
import { now } from '../src/model/time.js';
import type { ApiContext } from './context.js';
import { Entity, entityFromId } from './entity.js';
import type { EntityRow } from './entity.js';
import { TopologyRelation } from './topology.js';

const maxReachDepth = 6;
const maxPathSteps = 12;
const maxNodes = 1_000;
const maxRelations = 5_000;

@ObjectType({ simpleResolvers: true, description: 'An entity that would feel the failure of another.' })
export class Dependent {
  @Field(() => Entity, { description: 'Who would feel it.' })
  readonly entity!: EntityRow;

  @Field(() => Int, { description: 'Relations between the two.' })
  readonly distance!: number;

  @Field(() => TopologyRelation, { description: 'The last relation of the way there.' })
  readonly through!: TopologyRelation;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Everything that depends on an entity, the nearest first. It says who would feel it, not who is to blame.',
})
export class BlastRadius {
  @Field(() => Entity, { description: 'The entity asked about.' })
  readonly root!: EntityRow;

  @Field(() => [Dependent], { description: 'By distance, then by id.' })
  readonly dependents!: readonly Dependent[];

  @Field(() => Boolean, { description: 'Whether more depends on it than a blast radius may hold.' })
  readonly truncated!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'The shortest way from one entity to another.' })
export class Path {
  @Field(() => [Entity], { description: 'From the one to the other, both included.' })
  readonly nodes!: readonly EntityRow[];

  @Field(() => [TopologyRelation], { description: 'One fewer than nodes; each may be walked either way.' })
  readonly relations!: readonly TopologyRelation[];
}

type Step = TopologyRelation & { readonly dependent: string } & Record<string, unknown>;

/** One statement for each step, so that cycles and diamonds cost nothing. Fails with NOT_FOUND. */
export async function blastRadius(
  context: ApiContext,
  id: string,
  depth: number,
  asOf: string | null | undefined,
): Promise<BlastRadius> {
  if (depth < 0 || depth > maxReachDepth) throw apiError('BAD_USER_INPUT', `\`depth\` can be 0 to ${maxReachDepth}.`);
  const root = await known(context, id);
  const at = asOf ?? now();
  const found = new Map<string, { readonly distance: number; readonly through: TopologyRelation }>();
  let front: readonly string[] = [id];
  let truncated = false;
  for (let distance = 1; distance <= depth && front.length > 0 && !truncated; distance += 1) {
    const rows = await context.graph.read<Step>('read/entity-dependents', { ids: front, at, limit: maxRelations + 1 });
    const next: string[] = [];
    for (const { dependent, ...through } of rows) {
      if (dependent === id || found.has(dependent)) continue;
      found.set(dependent, { distance, through });
      next.push(dependent);
    }
    front = next;
    truncated = rows.length > maxRelations || found.size > maxNodes;
  }
  const reached = [...found].slice(0, maxNodes);
  const entities = await Promise.all(reached.map(([each]) => entityOf(context, each)));
  const dependents = reached
    .map(([, way], i): Dependent => ({ entity: entities[i]!, ...way }))
    .sort((a, b) => a.distance - b.distance || (a.entity.id < b.entity.id ? -1 : 1));
  return { root, dependents, truncated };
}

/** Breadth first from one end; null when the two do not hang together within twelve steps, or only through more than is walked. */
export async function pathBetween(
  context: ApiContext,
  from: string,
  to: string,
  asOf: string | null | undefined,
): Promise<Path | null> {
  await Promise.all([known(context, from), known(context, to)]);
  const at = asOf ?? now();
  const cameBy = new Map<string, TopologyRelation>();
  const seen = new Set([from]);
  let front: readonly string[] = [from];
  for (let step = 0; step < maxPathSteps && front.length > 0 && !seen.has(to); step += 1) {
    if (seen.size > maxNodes) return null;
    const ends = new Set(front);
    const rows = await context.graph.read<TopologyRelation & Record<string, unknown>>('read/entity-relations', {
      ids: front,
      at,
      limit: maxRelations,
    });
    const next: string[] = [];
    for (const row of rows) {
      const other = ends.has(row.from) && !seen.has(row.to) ? row.to : row.from;
      if (seen.has(other)) continue;
      seen.add(other);
      cameBy.set(other, row);
      next.push(other);
    }
    front = next;
  }
  if (!seen.has(to)) return null;
  const ids = [to];
  const relations: TopologyRelation[] = [];
  for (let node = to; node !== from;) {
    const relation = cameBy.get(node)!;
    node = relation.from === node ? relation.to : relation.from;
    ids.unshift(node);
    relations.unshift(relation);
  }
  return { nodes: await Promise.all(ids.map((id) => entityOf(context, id))), relations };
}

async function known({ loaders }: ApiContext, id: string): Promise<EntityRow> {
  const entity = await loaders.entities.load(id);
  if (!entity) throw apiError('NOT_FOUND', `No entity has the id ${id}.`);
  return entity;
}

async function entityOf({ loaders }: ApiContext, id: string): Promise<EntityRow> {
  return (await loaders.entities.load(id)) ?? entityFromId(id);
}
