import { Field, ID, ObjectType } from 'type-graphql';
import { Entity } from './entity.js';
import type { EntityRow } from './entity.js';
import { DateTime } from './scalars.js';

@ObjectType({
  simpleResolvers: true,
  description: 'How two entities hang together. Read from, type, to: it makes a sentence.',
})
export class TopologyRelation {
  @Field(() => String, {
    description: 'OWNS, RUNS_ON, SELECTS, MOUNTS, BOUND_TO, ROUTES_TO, CALLS, USES, SCALES or LIMITS.',
  })
  readonly type!: string;

  @Field(() => ID, { description: 'Entity id.' })
  readonly from!: string;

  @Field(() => ID, { description: 'Entity id.' })
  readonly to!: string;

  @Field(() => DateTime, { description: 'Since when it holds.' })
  readonly validFrom!: string;

  @Field(() => DateTime, { nullable: true, description: 'Until when it held; null while it holds.' })
  readonly validTo!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'The neighbourhood of an entity at one time.' })
export class Topology {
  @Field(() => Entity, { description: 'The entity asked about.' })
  readonly root!: EntityRow;

  @Field(() => [Entity], { description: 'It and everything within reach, by id.' })
  readonly nodes!: readonly EntityRow[];

  @Field(() => [TopologyRelation], { description: 'Relations among them.' })
  readonly relations!: readonly TopologyRelation[];

  @Field(() => Boolean, { description: 'Whether more lies within reach than a topology may hold.' })
  readonly truncated!: boolean;
}
