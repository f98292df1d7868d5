import type { EntityRef, Relation } from './entity.js';
import type { SourceState } from './payloads.js';
import type { UnifiedEvent } from './unified-event.js';

/** What the transform stage says, the unit on the unified stream. `at` is the observation's RawEvent timestamp: the order of processing. */
export type Finding = EventFinding | EntityFinding | CallFinding | HealthFinding;

/** Something happened at a moment (an OOM kill, a burst of error lines, a change of a spec). */
export interface EventFinding {
  readonly kind: 'event';
  readonly at: string;
  readonly event: UnifiedEvent;
}

/** The state of one object, whole: what was said before by the same object and is not said again has ended. */
export interface EntityFinding {
  readonly kind: 'entity';
  readonly at: string;
  readonly entity: EntityRef;
  readonly deleted: boolean;
  readonly createdAt: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Named scalars that topology rules read: `replicas`, `readyReplicas`, `phase`, `ip`, `clusterIP`, `image` … */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  /** Equality-based label selector of a Service, workload, PodDisruptionBudget …, within its namespace; null when it has none. */
  readonly selector: Readonly<Record<string, string>> | null;
  /** Every relation this object declares, in either direction. */
  readonly relations: readonly Relation[];
  /** Every condition that is wrong at this moment, each with an id that stays while the condition does. */
  readonly problems: readonly UnifiedEvent[];
}

/** One thing was seen to call another: a relation at work, which no object declares. Said once for each pair, and now and then again. */
export interface CallFinding {
  readonly kind: 'call';
  readonly at: string;
  readonly caller: EntityRef;
  /** As programs write it, seen from the caller's namespace: the name of a Service or workload, or `host:port`. */
  readonly peer: string;
}

/** How well a source sees. Its `at` is the watermark of that source. */
export interface HealthFinding {
  readonly kind: 'health';
  readonly at: string;
  readonly source: SourceHealth;
}

export interface SourceHealth {
  /** `<collector>@<node>`. */
  readonly source: string;
  readonly cluster: string;
  readonly node: string | null;
  readonly state: SourceState;
  readonly reason: string | null;
  readonly lost: number;
  readonly lastSeen: string;
}
