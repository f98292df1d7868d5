import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { Severity as SeverityName } from '../src/model/unified-event.js';
import { Severity } from './enums.js';

@ObjectType({ simpleResolvers: true, description: 'Incidents of one severity.' })
export class SeverityCount {
  @Field(() => Severity, { description: 'The severity.' })
  readonly severity!: SeverityName;

  @Field(() => Int, { description: 'How many.' })
  readonly count!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Incidents of one category.' })
export class CategoryCount {
  @Field(() => String, { description: 'Category of the root cause.' })
  readonly category!: string;

  @Field(() => Int, { description: 'How many.' })
  readonly count!: number;
}

@ObjectType({ description: 'Incidents with one root-cause entity.' })
export class EntityCount {
  @Field(() => Int, { description: 'How many.' })
  readonly count!: number;
}

export type EntityCountRow = EntityCount & { readonly entityId: string };

@ObjectType({ simpleResolvers: true, description: 'Figures over the incidents that a filter matches.' })
export class Stats {
  @Field(() => Int, { description: 'Not resolved yet.' })
  readonly open!: number;

  @Field(() => Int, { description: 'Opened in the range of the filter, whatever became of them.' })
  readonly opened!: number;

  @Field(() => [SeverityCount], { description: 'Worst first; severities with none are left out.' })
  readonly bySeverity!: readonly SeverityCount[];

  @Field(() => [CategoryCount], { description: 'Most frequent first.' })
  readonly byCategory!: readonly CategoryCount[];

  @Field(() => [EntityCount], { description: 'The ten entities that were the root cause most often.' })
  readonly topRootCauseEntities!: readonly EntityCountRow[];

  @Field(() => Float, {
    nullable: true,
    description: 'Mean milliseconds from the root-cause event to the opening of the incident; null without incidents.',
  })
  readonly meanTimeToDetectMs!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Mean milliseconds from opening to resolution; null when none is resolved.',
  })
  readonly meanTimeToResolveMs!: number | null;

  @Field(() => Boolean, {
    description: 'Whether the filter matches more incidents than the figures are made of; the newest count.',
  })
  readonly truncated!: boolean;
}
