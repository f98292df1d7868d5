import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { CausalEdge, CausalGraph } from './causal-graph.js';
import type { CausalEdgeRow } from './causal-graph.js';
import { causalChain, defaultChainDepth } from './causal-walk.js';
import type { ApiContext } from './context.js';
import { CausalDirection } from './enums.js';
import { Event } from './event.js';
import type { EventRow } from './event.js';
import { pageSize } from './page.js';
import { BlastRadius, blastRadius, Path, pathBetween } from './reach.js';
import { DateTime, Duration, durationMs } from './scalars.js';
import { SimilarIncident, similarIncidents } from './similar-incidents.js';
import { Topology } from './topology.js';
import { neighbourhood } from './topology-walk.js';
import { Change, whatChanged } from './what-changed.js';

@Resolver(() => CausalEdge)
export class CausalEdgeResolver {
  @FieldResolver(() => Event, { description: 'The cause.' })
  from(@Root() edge: CausalEdgeRow, @Ctx() context: ApiContext): Promise<EventRow> {
    return end(context, edge.from);
  }

  @FieldResolver(() => Event, { description: 'The effect.' })
  to(@Root() edge: CausalEdgeRow, @Ctx() context: ApiContext): Promise<EventRow> {
    return end(context, edge.to);
  }
}

/** Edges are only given together with their ends, which the loader has by then, unless retention removed one in between. */
async function end({ loaders }: ApiContext, id: string): Promise<EventRow> {
  const event = await loaders.events.load(id);
  if (!event) throw new Error(`Event ${id} has gone while the graph was read`);
  return event;
}

@Resolver()
export class GraphResolver {
  @Query(() => CausalGraph, {
    description:
      'Follows causal edges from an event; or from an incident, then only along its own edges: downstream from its root cause, upstream from all of its events.',
  })
  causalChain(
    @Arg('from', () => ID, { description: 'Id of an incident or an event.' }) from: string,
    @Arg('direction', () => CausalDirection, { description: 'Which way.' }) direction: CausalDirection,
    @Arg('depth', () => Int, { nullable: true, description: 'Steps, 10 by default, at most 30.' }) depth: number | null,
    @Ctx() context: ApiContext,
  ): Promise<CausalGraph> {
    return causalChain(context, from, direction, depth ?? defaultChainDepth);
  }

  @Query(() => Topology, { description: 'What an entity hangs together with, as of a time.' })
  topology(
    @Arg('entity', () => ID, { description: 'Entity id.' }) entity: string,
    @Arg('depth', () => Int, { nullable: true, description: 'Steps in either direction, 1 by default, at most 6.' })
    depth: number | null,
    @Arg('asOf', () => DateTime, { nullable: true, description: 'By default now.' }) asOf: string | null,
    @Ctx() context: ApiContext,
  ): Promise<Topology> {
    return neighbourhood(context, entity, depth ?? 1, asOf);
  }

  @Query(() => BlastRadius, { description: 'Everything that depends on an entity, and so would feel its failure.' })
  blastRadius(
    @Arg('entity', () => ID, { description: 'Entity id.' }) entity: string,
    @Arg('depth', () => Int, { nullable: true, description: 'Steps, 3 by default, at most 6.' }) depth: number | null,
    @Arg('asOf', () => DateTime, { nullable: true, description: 'By default now.' }) asOf: string | null,
    @Ctx() context: ApiContext,
  ): Promise<BlastRadius> {
    return blastRadius(context, entity, depth ?? 3, asOf);
  }

  @Query(() => Path, {
    nullable: true,
    description:
      'The shortest way from one entity to another; null when they do not hang together within twelve steps.',
  })
  path(
    @Arg('from', () => ID, { description: 'Entity id.' }) from: string,
    @Arg('to', () => ID, { description: 'Entity id.' }) to: string,
    @Arg('asOf', () => DateTime, { nullable: true, description: 'By default now.' }) asOf: string | null,
    @Ctx() context: ApiContext,
  ): Promise<Path | null> {
    return pathBetween(context, from, to, asOf);
  }

  @Query(() => [Change], {
    description: 'What was changed on an entity and within three relations of it, the most suspect first; at most 500.',
  })
  whatChanged(
    @Arg('entity', () => ID, { description: 'Entity id.' }) entity: string,
    @Arg('before', () => DateTime, { nullable: true, description: 'By default now.' }) before: string | null,
    @Arg('within', () => Duration, { nullable: true, description: 'How long before, `PT1H` by default.' })
    within: string | null,
    @Ctx() context: ApiContext,
  ): Promise<readonly Change[]> {
    return whatChanged(context, entity, before, durationMs(within ?? 'PT1H'));
  }

  @Query(() => [SimilarIncident], { description: 'Incidents that are like one, the most alike first, with why.' })
  similarIncidents(
    @Arg('incident', () => ID, { description: 'Incident id.' }) incident: string,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 20 by default, at most 500.' })
    first: number | null,
    @Ctx() context: ApiContext,
  ): Promise<readonly SimilarIncident[]> {
    return similarIncidents(context, incident, pageSize(first));
  }
}
