import { categoryInfo, type Category } from '../../src/model/categories.js';
import type { EntityRef } from '../../src/model/entity.js';
import { contentId } from '../../src/model/ids.js';
import type { RawEventType } from '../../src/model/raw-event.js';
import type { Impact, K8sContext, Severity, TraceContext, UnifiedEvent } from '../../src/model/unified-event.js';

/** Attributes as they are gathered; null and undefined stand for "not known" and are left out of the event. */
export type DraftAttributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What an interpreter has to say about something wrong (or changed); {@link eventFrom} makes the event of it. */
export interface Draft {
  readonly category: Category;
  readonly entity: EntityRef;
  /** One plain sentence with names and numbers. */
  readonly message: string;
  /** Tells two conditions of one category on one entity apart: a container's name, a quota, a probe. */
  readonly discriminator?: string;
  /** When it began as far as the object says, in any RFC 3339 form. */
  readonly startedAt?: string | null | undefined;
  /** A later start is the same condition going on (crash after crash): it keeps its first start, and its id. */
  readonly continues?: boolean;
  /** A condition younger than this is not yet a problem (start-up, a rollout's gap). */
  readonly holdMs?: number;
  readonly template?: string | null;
  readonly attributes?: DraftAttributes;
  readonly severity?: Severity;
  readonly count?: number;
  readonly lastSeen?: string;
  readonly context: K8sContext;
  readonly trace?: TraceContext | null;
}

const scopeOfKind: Readonly<Record<string, Impact['scope']>> = {
  Container: 'container',
  Pod: 'pod',
  Service: 'service',
  Ingress: 'service',
  EndpointSlice: 'service',
  Node: 'node',
  Namespace: 'namespace',
  ResourceQuota: 'namespace',
  LimitRange: 'namespace',
  NetworkPolicy: 'namespace',
  PersistentVolume: 'cluster',
  StorageClass: 'cluster',
  ClusterDns: 'cluster',
};

/** `id` is given where the caller knows a better identity than entity, category, discriminator and start. */
export function eventFrom(draft: Draft, type: RawEventType, timestamp: string, id?: string): UnifiedEvent {
  const attributes: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(draft.attributes ?? {})) {
    if (value !== null && value !== undefined) attributes[name] = value;
  }
  const { entity, category } = draft;
  const discriminator = draft.discriminator ?? '';
  return {
    id: id ?? contentId(entity.id, entity.uid, category, discriminator, timestamp),
    timestamp,
    type,
    k8sContext: draft.context,
    entity,
    traceContext: draft.trace ?? null,
    semantic: {
      category,
      message: draft.message,
      template: draft.template ?? null,
      fingerprint: contentId(entity.id, category, discriminator),
      attributes,
    },
    impact: {
      severity: draft.severity ?? categoryInfo(category).severity,
      scope: scopeOfKind[entity.kind] ?? (entity.namespace === null ? 'cluster' : 'workload'),
    },
    count: draft.count ?? 1,
    firstSeen: timestamp,
    lastSeen: draft.lastSeen ?? timestamp,
  };
}
