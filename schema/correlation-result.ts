import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import type {
  CorrelationResult as Result,
  IncidentStatus as IncidentStatusName,
} from '../src/model/correlation-result.js';
import type { Severity as SeverityName } from '../src/model/unified-event.js';
import { IncidentChangeKind, IncidentStatus, Severity } from './enums.js';
import { Incident } from './incident.js';
import type { IncidentRow } from './incident.js';
import { DateTime } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'One revision of one incident, as the engine published it.' })
export class CorrelationResult {
  @Field(() => ID, { description: '`<incidentId>.<revision>`.' })
  readonly id!: string;

  @Field(() => ID, { description: 'Incident it is a revision of.' })
  readonly incidentId!: string;

  @Field(() => Int, { description: 'Counts from 1.' })
  readonly revision!: number;

  @Field(() => String, {
    nullable: true,
    description: 'W3C trace id that the events share; null when they share none.',
  })
  readonly traceId!: string | null;

  @Field(() => [ID], { description: 'Ids of the events of the story, by time.' })
  readonly events!: readonly string[];

  @Field(() => ID, { description: 'Event that began it.' })
  readonly rootCauseEventId!: string;

  @Field(() => Float, { description: 'Posterior probability of the root cause, 0 to 1.' })
  readonly confidence!: number;

  @Field(() => IncidentStatus, { description: 'Status at this revision.' })
  readonly status!: IncidentStatusName;

  @Field(() => Severity, { description: 'Severity at this revision.' })
  readonly severity!: SeverityName;

  @Field(() => String, { description: 'One line.' })
  readonly title!: string;

  @Field(() => String, { description: 'Category of the root cause.' })
  readonly category!: string;

  @Field(() => String, { description: 'The story in a few sentences.' })
  readonly summary!: string;

  @Field(() => String, { description: 'What broke first, in plain words.' })
  readonly rootCause!: string;

  @Field(() => String, { description: 'What to do about it.' })
  readonly recommendation!: string;

  @Field(() => DateTime, { description: 'Time of this revision, in event time.' })
  readonly updatedAt!: string;
}

@ObjectType({ simpleResolvers: true, description: 'A new result, as it happens.' })
export class CorrelationResultEvent {
  @Field(() => String, { description: 'Pass it as `after` to go on from here: no gap, no duplicate.' })
  readonly cursor!: string;

  @Field(() => CorrelationResult, { description: 'The result.' })
  readonly result!: Result;

  @Field(() => Incident, { description: 'The incident, at this revision or a later one.' })
  readonly incident!: IncidentRow;
}

@ObjectType({ simpleResolvers: true, description: 'A change of an incident, as it happens.' })
export class IncidentEvent {
  @Field(() => String, { description: 'Pass it as `after` to go on from here: no gap, no duplicate.' })
  readonly cursor!: string;

  @Field(() => IncidentChangeKind, { description: 'What has happened.' })
  readonly kind!: IncidentChangeKind;

  @Field(() => Incident, { description: 'The incident, at this revision or a later one.' })
  readonly incident!: IncidentRow;
}
