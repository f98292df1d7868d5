import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import type {
  AffectedEntity,
  IncidentStatus as IncidentStatusName,
  TimelineEntry as Timeline,
} from '../src/model/correlation-result.js';
import type { Severity as SeverityName } from '../src/model/unified-event.js';
import { Entity } from './entity.js';
import type { EntityRow } from './entity.js';
import { AffectedRole, IncidentOrderField, IncidentStatus, OrderDirection, Severity, TimelineKind } from './enums.js';
import { Event } from './event.js';
import type { EventRow } from './event.js';
import { connectionOf } from './page.js';
import { DateTime } from './scalars.js';

@ObjectType({
  simpleResolvers: true,
  description: 'One story: what broke first, what it took down, how sure that is, and what to do.',
})
export class Incident {
  @Field(() => ID, { description: 'Stays through every revision.' })
  readonly id!: string;

  @Field(() => IncidentStatus, { description: 'Where it stands.' })
  readonly status!: IncidentStatusName;

  @Field(() => Severity, { description: 'The worst of its events.' })
  readonly severity!: SeverityName;

  @Field(() => String, { description: 'One line.' })
  readonly title!: string;

  @Field(() => String, { description: 'The story in a few sentences.' })
  readonly summary!: string;

  @Field(() => String, { description: 'What broke first, in plain words.' })
  readonly rootCause!: string;

  @Field(() => String, { description: 'What to do about it.' })
  readonly recommendation!: string;

  @Field(() => Float, { description: 'Posterior probability of the root cause against its alternatives, 0 to 1.' })
  readonly confidence!: number;

  @Field(() => Int, { description: 'Counts from 1; a new one only on material change.' })
  readonly revision!: number;

  @Field(() => String, { nullable: true, description: 'Category of the root cause.' })
  readonly category!: string | null;

  @Field(() => DateTime, { description: 'When it was opened, in event time.' })
  readonly openedAt!: string;

  @Field(() => DateTime, { description: 'Time of its newest revision.' })
  readonly updatedAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it was resolved; null while it is not.' })
  readonly resolvedAt!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'W3C trace id that its events share; null when they share none.',
  })
  readonly traceId!: string | null;

  @Field(() => String, { description: 'Cluster it is about.' })
  readonly cluster!: string;

  @Field(() => [String], { description: 'Namespaces it touches.' })
  readonly namespaces!: readonly string[];

  @Field(() => ID, {
    nullable: true,
    description: 'Id of the incident that it turned out to be a part of; null for most.',
  })
  readonly mergedInto!: string | null;
}

/** An incident as the graph keeps it, without its long texts. */
export type IncidentRow = Incident & { readonly rootCauseEntityId?: string | null };

@ObjectType({ simpleResolvers: true, description: 'One reason for or against a cause.' })
export class Evidence {
  @Field(() => String, { description: 'In plain words.' })
  readonly text!: string;

  @Field(() => Float, { description: 'Natural-log odds it adds: positive speaks for the cause, negative against it.' })
  readonly weight!: number;

  @Field(() => ID, { nullable: true, description: 'Event it rests on; null when it rests on none in particular.' })
  readonly eventId!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'What an incident may have come from: rank 1 is the verdict.' })
export class RootCause {
  @Field(() => Int, { description: 'From 1, the most likely.' })
  readonly rank!: number;

  @Field(() => Float, { description: 'Posterior probability, 0 to 1.' })
  readonly confidence!: number;

  @Field(() => String, { description: 'What is wrong, from the vocabulary of events.' })
  readonly category!: string;

  @Field(() => Event, { description: 'The event that began it.' })
  readonly event!: EventRow;

  @Field(() => String, { nullable: true, description: 'Why it lost against rank 1; null for rank 1.' })
  readonly whyNot!: string | null;
}

/** A root cause as the graph keeps it. */
export type RootCauseRow = RootCause & {
  readonly incidentId: string;
  readonly entityId?: string | null;
  readonly evidenceJson?: string | null;
};

@ObjectType({ simpleResolvers: true, description: 'An entity that an incident touches.' })
export class Affected {
  @Field(() => AffectedRole, { description: 'What it is to the incident.' })
  readonly role!: AffectedEntity['role'];

  @Field(() => Entity, { description: 'The entity.' })
  readonly entity!: EntityRow;
}

@ObjectType({ simpleResolvers: true, description: 'One moment in the life of an incident.' })
export class TimelineEntry {
  @Field(() => DateTime, { description: 'Event time.' })
  readonly at!: string;

  @Field(() => TimelineKind, { description: 'What it tells of.' })
  readonly kind!: Timeline['kind'];

  @Field(() => String, { description: 'In plain words.' })
  readonly text!: string;

  @Field(() => ID, { nullable: true, description: 'Event behind it; null when there is none in particular.' })
  readonly eventId!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'What a person has noted on an incident.' })
export class Annotation {
  @Field(() => DateTime, { description: 'When.' })
  readonly at!: string;

  @Field(() => String, { nullable: true, description: 'Who; null when not known.' })
  readonly author!: string | null;

  @Field(() => String, { description: 'The note.' })
  readonly text!: string;
}

@InputType({ description: 'Which incidents; every condition given must hold.' })
export class IncidentFilter {
  @Field(() => DateTime, { nullable: true, description: 'Opened at this time or later.' })
  readonly since?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Opened before this time.' })
  readonly until?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the cluster.' })
  readonly cluster?: string | null;

  @Field(() => String, { nullable: true, description: 'A namespace that it touches.' })
  readonly namespace?: string | null;

  @Field(() => [IncidentStatus], { nullable: true, description: 'One of these.' })
  readonly status?: IncidentStatusName[] | null;

  @Field(() => [Severity], { nullable: true, description: 'One of these.' })
  readonly severity?: SeverityName[] | null;

  @Field(() => String, { nullable: true, description: 'Category of the root cause, exactly.' })
  readonly category?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of an entity that it touches.' })
  readonly entity?: string | null;

  @Field(() => String, { nullable: true, description: 'Part of the title, summary or root cause, in any case.' })
  readonly text?: string | null;
}

@InputType({ description: 'Order of incidents; by default the last opened first.' })
export class IncidentOrder {
  @Field(() => IncidentOrderField, { description: 'What to order by.' })
  readonly field!: IncidentOrderField;

  @Field(() => OrderDirection, {
    defaultValue: OrderDirection.DESC,
    description: 'Greatest first unless said otherwise.',
  })
  readonly direction!: OrderDirection;
}

@InputType({ description: 'Which root causes; every condition given must hold.' })
export class RootCauseFilter {
  @Field(() => DateTime, { nullable: true, description: 'Incident opened at this time or later.' })
  readonly since?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Incident opened before this time.' })
  readonly until?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the cluster.' })
  readonly cluster?: string | null;

  @Field(() => String, { nullable: true, description: 'A namespace that the incident touches.' })
  readonly namespace?: string | null;

  @Field(() => [Severity], { nullable: true, description: 'Severity of the incident: one of these.' })
  readonly severity?: SeverityName[] | null;

  @Field(() => String, { nullable: true, description: 'Category, exactly.' })
  readonly category?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of the entity that is blamed.' })
  readonly entity?: string | null;

  @Field(() => String, { nullable: true, description: 'Part of the message of its event, in any case.' })
  readonly text?: string | null;

  @Field(() => Float, { nullable: true, description: 'At least this sure, 0 to 1.' })
  readonly minConfidence?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'True: the alternatives that lost too, not only the verdicts.' })
  readonly alternatives?: boolean | null;
}

export const IncidentConnection = connectionOf('Incident', () => Incident, 'incidents');
export const RootCauseConnection = connectionOf('RootCause', () => RootCause, 'root causes');
