import type { EntityRef, Relation, RelationType } from '../../src/model/entity.js';
import { entityRef } from '../../src/model/entity.js';
import type { EntityFinding } from '../../src/model/finding.js';
import type { FieldChange, KubernetesObject } from '../../src/model/payloads.js';
import type { K8sContext } from '../../src/model/unified-event.js';
import type { TransformContext } from './context.js';
import type { Draft } from './draft.js';

/** One observation of one object, as the interpreter of its kind gets it. */
export interface Observed<T extends KubernetesObject = KubernetesObject> {
  /** RECHECK: nothing new was seen; time has passed that an earlier interpretation asked to wait for. */
  readonly action: 'SYNC' | 'ADDED' | 'MODIFIED' | 'DELETED' | 'RECHECK';
  readonly object: T;
  readonly changes: readonly FieldChange[];
  readonly changedBy: string | null;
  /** Time of this look at the object: canonical text and epoch ms. */
  readonly at: string;
  readonly atMs: number;
  readonly entity: EntityRef;
  readonly namespace: string | null;
  readonly k8s: K8sContext;
}

/** What the interpreter of a kind reads from one observation. Everything that is not said is empty. */
export interface Interpretation {
  readonly facts?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly selector?: Readonly<Record<string, string>> | null | undefined;
  readonly relations?: readonly Relation[];
  /** Wrong at this moment. */
  readonly problems?: readonly Draft[];
  /** Happened, at `startedAt`. */
  readonly events?: readonly Draft[];
  /** Epoch ms at which the same object may mean something else although nothing about it changes. */
  readonly recheckAtMs?: number | null;
  /** Whole findings about other entities that follow from this one (a pod's containers). */
  readonly also?: readonly Omit<EntityFinding, 'kind' | 'at' | 'problems'>[];
  /** Entity ids whose newest observation has to be read again, because this one changes what it means. */
  readonly refresh?: readonly string[];
}

export type Interpreter = (observed: Observed, context: TransformContext) => Interpretation;

/** Collects relations without repeating one. */
export function relationsFrom(self: EntityRef): {
  to(type: RelationType, kind: string, namespace: string | null, name: string | null | undefined): void;
  from(type: RelationType, kind: string, namespace: string | null, name: string | null | undefined): void;
  all(): readonly Relation[];
} {
  const relations = new Map<string, Relation>();
  const add = (relation: Relation) => relations.set(`${relation.type} ${relation.from} ${relation.to}`, relation);
  return {
    to(type, kind, namespace, name) {
      if (name) add({ type, from: self.id, to: entityRef(self.cluster, kind, namespace, name).id });
    },
    from(type, kind, namespace, name) {
      if (name) add({ type, from: entityRef(self.cluster, kind, namespace, name).id, to: self.id });
    },
    all: () => [...relations.values()],
  };
}
