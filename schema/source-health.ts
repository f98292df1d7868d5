import { Field, ObjectType } from 'type-graphql';
import { SourceState } from './enums.js';
import { DateTime, SafeInt } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'How well one source of events sees.' })
export class SourceHealth {
  @Field(() => String, { description: '`<collector>@<node>`.' })
  readonly source!: string;

  @Field(() => String, { description: 'Cluster it watches.' })
  readonly cluster!: string;

  @Field(() => String, { nullable: true, description: 'Node it watches; null when it watches the whole cluster.' })
  readonly node!: string | null;

  @Field(() => SourceState, { description: 'How well it sees.' })
  readonly state!: string;

  @Field(() => String, { nullable: true, description: 'What is seen less, and why; null when all is well.' })
  readonly reason!: string | null;

  @Field(() => SafeInt, { description: 'Events it has lost since it started.' })
  readonly lost!: number;

  @Field(() => DateTime, { description: 'When it was last heard of, in event time.' })
  readonly lastSeen!: string;
}
