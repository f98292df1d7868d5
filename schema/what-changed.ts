import { Field, Float, Int, ObjectType } from 'type-graphql';
import { categoryInfo, isCategory } from '../src/model/categories.js';
import { fromEpochMs, now, toEpochMs } from '../src/model/time.js';
import type { ApiContext } from './context.js';
import { Entity, entityFromId } from './entity.js';
import type { EntityRow } from './entity.js';
import { Event } from './event.js';
import type { EventRow } from './event.js';
import { neighbourhood } from './topology-walk.js';

const maxChanges = 500;
/** How far from the thing a change may be: its ConfigMap, its callee's Deployment. */
const reach = 3;
/** What each relation between the change and the thing leaves of its weight, and after how long half of it is left. */
const perStep = 0.6;
const halfLifeMs = 600_000;

@ObjectType({
  simpleResolvers: true,
  description: 'Something that was changed near an entity. A question, not a verdict.',
})
export class Change {
  @Field(() => Event, {
    description: 'What was changed; its attributes hold the difference (`paths`, `from`, `to`, `changedBy`).',
  })
  readonly event!: EventRow;

  @Field(() => Entity, { description: 'What it was changed on.' })
  readonly entity!: EntityRow;

  @Field(() => Int, { description: 'Relations between it and the entity asked about.' })
  readonly distance!: number;

  @Field(() => Float, {
    description:
      'What it is ranked by, 0 to 1: how often such a change is at fault, how near it is, and how shortly before.',
  })
  readonly score!: number;
}

/** Changes on an entity and whatever is within three relations of it, in the time before a moment, the most suspect first. */
export async function whatChanged(
  context: ApiContext,
  id: string,
  before: string | null | undefined,
  withinMs: number,
): Promise<readonly Change[]> {
  const until = before ?? now();
  const { nodes, relations } = await neighbourhood(context, id, reach, until);
  const distance = distances(id, relations);
  const rows = await context.graph.read<{ event: EventRow }>('read/changes-on', {
    ids: nodes.map((node) => node.id),
    since: fromEpochMs(toEpochMs(until) - withinMs),
    until,
    limit: maxChanges,
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return rows
    .map(({ event }): Change => {
      const away = distance.get(event.entityId) ?? reach;
      const sinceMs = toEpochMs(until) - toEpochMs(event.timestamp);
      const prior = isCategory(event.category) ? categoryInfo(event.category).prior : 0;
      const score = Math.min(1, 5 * prior) * perStep ** away * 0.5 ** (sinceMs / halfLifeMs);
      return {
        event,
        entity: byId.get(event.entityId) ?? entityFromId(event.entityId),
        distance: away,
        score: Math.round(score * 1e4) / 1e4,
      };
    })
    .sort((a, b) => b.score - a.score || (a.event.id < b.event.id ? -1 : 1));
}

function distances(
  from: string,
  relations: readonly { readonly from: string; readonly to: string }[],
): ReadonlyMap<string, number> {
  const found = new Map([[from, 0]]);
  let front = new Set([from]);
  for (let away = 1; front.size > 0; away += 1) {
    const next = new Set<string>();
    for (const relation of relations) {
      for (const [one, other] of [
        [relation.from, relation.to],
        [relation.to, relation.from],
      ] as const)
        if (front.has(one) && !found.has(other)) next.add(other);
    }
    for (const id of next) found.set(id, away);
    front = next;
  }
  return found;
}
