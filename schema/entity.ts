import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { entityRefOfId } from '../src/model/entity.js';
import { connectionOf } from './page.js';
import { DateTime } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'One named fact.' })
export class Attribute {
  @Field(() => String, { description: 'OpenTelemetry or Kubernetes name where there is one.' })
  readonly name!: string;

  @Field(() => String, { description: 'Numbers and booleans as JSON writes them.' })
  readonly value!: string;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'A thing that can break: a Kubernetes object, or a virtual one such as Container, ExternalEndpoint, Registry or ClusterDns.',
})
export class Entity {
  @Field(() => ID, {
    description: '`<cluster>/<namespace or _>/<Kind>/<name>`: stable over re-creation, so that a person can type it.',
  })
  readonly id!: string;

  @Field(() => String, { description: 'Cluster it belongs to.' })
  readonly cluster!: string;

  @Field(() => String, { description: 'Kubernetes kind, or that of a virtual entity.' })
  readonly kind!: string;

  @Field(() => String, { nullable: true, description: 'Null for what has no namespace.' })
  readonly namespace!: string | null;

  @Field(() => String, { description: 'A Container is named `<pod>/<container>`.' })
  readonly name!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Kubernetes uid of its latest incarnation; null when not known.',
  })
  readonly uid!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was created; null when not known.' })
  readonly createdAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was deleted; null while it is there.' })
  readonly deletedAt!: string | null;
}

/** An entity as the graph keeps it. */
export type EntityRow = Entity & {
  readonly labelsJson?: string | null;
  readonly factsJson?: string | null;
};

/** For what no source has described, or retention has removed. */
export function entityFromId(id: string): EntityRow {
  return { ...entityRefOfId(id), createdAt: null, deletedAt: null };
}

@InputType({ description: 'Which entities; every condition given must hold.' })
export class EntityFilter {
  @Field(() => String, { nullable: true, description: 'Name of the cluster.' })
  readonly cluster?: string | null;

  @Field(() => String, { nullable: true, description: 'Namespace, exactly.' })
  readonly namespace?: string | null;

  @Field(() => String, { nullable: true, description: 'Kind, exactly: `Pod`, `Deployment` …' })
  readonly kind?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True: only deleted ones; false: only those that are there.' })
  readonly deleted?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Part of the name, in any case.' })
  readonly text?: string | null;
}

export const EntityConnection = connectionOf('Entity', () => Entity, 'entities');
