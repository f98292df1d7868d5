import type { Category } from './categories.js';
import type { EntityRef } from './entity.js';
import type { RawEventType } from './raw-event.js';

/** What happened, in the one vocabulary that all sources share. A thousand equal log lines are one of these with count 1000. */
export interface UnifiedEvent {
  readonly id: string;
  /** RFC 3339 with nanoseconds, as in RawEvent: when it happened, which may be before it was observed. */
  readonly timestamp: string;
  readonly type: RawEventType;
  readonly k8sContext: K8sContext;
  readonly entity: EntityRef;
  readonly traceContext: TraceContext | null;
  readonly semantic: Semantic;
  readonly impact: Impact;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

/** OpenTelemetry's k8s.* resource attributes, null where not known. */
export interface K8sContext {
  readonly cluster: string;
  readonly node: string | null;
  readonly namespace: string | null;
  readonly pod: string | null;
  readonly podUid: string | null;
  readonly container: string | null;
  readonly containerId: string | null;
  readonly workload: string | null;
  readonly service: string | null;
}

export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string | null;
}

export interface Semantic {
  readonly category: Category;
  /** One plain sentence with names and numbers. */
  readonly message: string;
  /** The log template or reason behind it, variable parts as `<*>`; null where there is none. */
  readonly template: string | null;
  /** Equal for events that say the same of the same entity. */
  readonly fingerprint: string;
  /** Named facts that rules, wording and people use, OpenTelemetry names where there are any. See categories.ts for those in use. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export type Severity = 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
export const severities: readonly Severity[] = ['INFO', 'WARNING', 'ERROR', 'CRITICAL'];

export interface Impact {
  readonly severity: Severity;
  /** How far the event itself reaches, before any correlation. */
  readonly scope: 'container' | 'pod' | 'workload' | 'service' | 'node' | 'namespace' | 'cluster';
}
