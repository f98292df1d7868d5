import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Severity as SeverityName } from '../src/model/unified-event.js';
import { Severity } from './enums.js';
import { connectionOf } from './page.js';
import { DateTime, SafeInt } from './scalars.js';

@ObjectType({
  simpleResolvers: true,
  description: 'What happened to one entity. A thousand equal log lines are one event with count 1000.',
})
export class Event {
  @Field(() => ID, { description: 'The same content gives the same id.' })
  readonly id!: string;

  @Field(() => DateTime, { description: 'When it happened, which may be before it was observed.' })
  readonly timestamp!: string;

  @Field(() => String, { description: 'Kind of source: ebpf, kubeapi, network, log, systemd, otlp or alert.' })
  readonly type!: string;

  @Field(() => String, { description: 'From the one vocabulary of all sources, such as `container.oom-killed`.' })
  readonly category!: string;

  @Field(() => String, { description: 'One plain sentence with names and numbers.' })
  readonly message!: string;

  @Field(() => String, { nullable: true, description: 'Log template or reason behind it, variable parts as `<*>`.' })
  readonly template!: string | null;

  @Field(() => String, { nullable: true, description: 'Equal for events that say the same of the same entity.' })
  readonly fingerprint!: string | null;

  @Field(() => Severity, { description: 'How bad the event is by itself, before any correlation.' })
  readonly severity!: SeverityName;

  @Field(() => String, {
    nullable: true,
    description: 'How far the event itself reaches: container, pod, workload, service, node, namespace, cluster.',
  })
  readonly scope!: string | null;

  @Field(() => SafeInt, { description: 'How many equal observations it stands for.' })
  readonly count!: number;

  @Field(() => DateTime, { description: 'Time of the first of them.' })
  readonly firstSeen!: string;

  @Field(() => DateTime, { description: 'Time of the last of them.' })
  readonly lastSeen!: string;

  @Field(() => String, { nullable: true, description: 'W3C trace id, 32 hex digits; null when no trace is known.' })
  readonly traceId!: string | null;

  @Field(() => String, { nullable: true, description: 'W3C span id, 16 hex digits; null when no span is known.' })
  readonly spanId!: string | null;

  @Field(() => String, { description: 'Cluster it was seen in.' })
  readonly cluster!: string;

  @Field(() => String, { nullable: true, description: 'Node it was seen on; null when not known.' })
  readonly node!: string | null;

  @Field(() => String, { nullable: true, description: 'Namespace of where it was seen; null when not known or none.' })
  readonly namespace!: string | null;

  @Field(() => String, { nullable: true, description: 'Pod it was seen in.' })
  readonly pod!: string | null;

  @Field(() => String, { nullable: true, description: 'Uid of that pod.' })
  readonly podUid!: string | null;

  @Field(() => String, { nullable: true, description: 'Container it was seen in.' })
  readonly container!: string | null;

  @Field(() => String, { nullable: true, description: 'Runtime id of that container.' })
  readonly containerId!: string | null;

  @Field(() => String, { nullable: true, description: 'Workload that the pod belongs to.' })
  readonly workload!: string | null;

  @Field(() => String, { nullable: true, description: 'Service that the pod is behind.' })
  readonly service!: string | null;
}

/** An event as the graph keeps it. */
export type EventRow = Event & {
  readonly entityId: string;
  readonly attributesJson?: string | null;
};

@InputType({ description: 'Which events; every condition given must hold.' })
export class EventFilter {
  @Field(() => DateTime, { nullable: true, description: 'Happened at this time or later.' })
  readonly since?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Happened before this time.' })
  readonly until?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the cluster.' })
  readonly cluster?: string | null;

  @Field(() => String, { nullable: true, description: 'Namespace, exactly.' })
  readonly namespace?: string | null;

  @Field(() => [Severity], { nullable: true, description: 'One of these.' })
  readonly severity?: SeverityName[] | null;

  @Field(() => String, { nullable: true, description: 'Category, exactly.' })
  readonly category?: string | null;

  @Field(() => String, { nullable: true, description: 'Kind of source, exactly.' })
  readonly type?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of the entity it happened to.' })
  readonly entity?: string | null;

  @Field(() => String, { nullable: true, description: 'W3C trace id.' })
  readonly traceId?: string | null;

  @Field(() => String, { nullable: true, description: 'Part of the message, in any case.' })
  readonly text?: string | null;
}

export const EventConnection = connectionOf('Event', () => Event, 'events');
