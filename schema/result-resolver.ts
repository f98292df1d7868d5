import { Arg, Ctx, Resolver, Root, Subscription } from 'type-graphql';
import type { PublishedResult } from '../src/api/feed.js';
import type { CorrelationResult as Result } from '../src/model/correlation-result.js';
import type { ApiContext } from './context.js';
import { CorrelationResultEvent, IncidentEvent } from './correlation-result.js';
import type { IncidentChangeKind } from './enums.js';
import { incidentMatcher } from './filters.js';
import { IncidentFilter } from './incident.js';
import type { IncidentRow } from './incident.js';
import { createLoaders } from './loaders.js';

interface FollowArguments {
  readonly filter?: IncidentFilter | null;
  readonly after?: string | null;
}

const afterDescription =
  'Cursor of the last event received: what came since is sent first. Without it, from now. Refused with CURSOR_EXPIRED when what follows is no longer kept.';

@Resolver()
export class ResultResolver {
  @Subscription(() => CorrelationResultEvent, {
    subscribe: follow,
    description: 'Every result that the engine publishes: each revision of each incident.',
  })
  async correlationResults(
    @Root() { sequence, result }: PublishedResult,
    @Arg('filter', () => IncidentFilter, { nullable: true }) _filter: IncidentFilter | null,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) _after: string | null,
    @Ctx() context: ApiContext,
  ): Promise<CorrelationResultEvent> {
    return { cursor: String(sequence), result, incident: await currentIncident(context, result) };
  }

  @Subscription(() => IncidentEvent, {
    subscribe: follow,
    description: 'What happens to incidents: opened, revised, merged, resolved, reopened.',
  })
  async incidentChanged(
    @Root() { sequence, result }: PublishedResult,
    @Arg('filter', () => IncidentFilter, { nullable: true }) _filter: IncidentFilter | null,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) _after: string | null,
    @Ctx() context: ApiContext,
  ): Promise<IncidentEvent> {
    return { cursor: String(sequence), kind: changeKind(result), incident: await currentIncident(context, result) };
  }
}

function follow({ args, context }: { args: unknown; context: ApiContext }): Promise<AsyncIterable<PublishedResult>> {
  const { filter, after } = args as FollowArguments;
  return context.feed.follow({ after, matches: incidentMatcher(filter) });
}

/** From the graph, where ingest has put it before it published the result; from the result itself once retention has removed it. */
async function currentIncident(context: ApiContext, result: Result): Promise<IncidentRow> {
  // Events of one subscription are answered one after the other, and each has to see the graph as it is by then.
  context.loaders = createLoaders(context.graph);
  return (await context.loaders.incidents.load(result.incidentId)) ?? incidentOf(result);
}

function incidentOf(result: Result): IncidentRow {
  return { ...result, id: result.incidentId, rootCauseEntityId: result.rootCauseEntity.id };
}

/** What a revision is, from itself alone, so that it is the same live and after a reconnect. */
export function changeKind(result: Result): IncidentChangeKind {
  if (result.mergedInto !== null) return 'MERGED';
  if (result.revision === 1) return 'OPENED';
  if (result.status === 'RESOLVED') return 'RESOLVED';
  const turn = result.timeline.findLast((entry) => entry.kind !== 'EVENT' && entry.kind !== 'ANNOTATED');
  return turn?.kind === 'REOPENED' || turn?.kind === 'ACKNOWLEDGED' ? turn.kind : 'REVISED';
}
