import type { Category } from './categories.js';
import type { EntityRef } from './entity.js';
import type { SourceHealth } from './finding.js';
import type { Severity } from './unified-event.js';

/** One revision of one incident: what ingest commits to the graph and publishes on the results stream. */
export interface CorrelationResult {
  /** `<incidentId>.<revision>`. */
  readonly id: string;
  readonly traceId: string | null;
  /** Ids of the UnifiedEvents that belong to the story, by time. */
  readonly events: readonly string[];
  readonly rootCauseEventId: string;
  /** Posterior probability of the root cause against its alternatives, 0 to 1. */
  readonly confidence: number;
  readonly summary: string;
  readonly rootCause: string;
  readonly recommendation: string;

  readonly incidentId: string;
  readonly revision: number;
  readonly status: IncidentStatus;
  readonly severity: Severity;
  readonly title: string;
  readonly category: Category;
  readonly cluster: string;
  readonly namespaces: readonly string[];
  readonly rootCauseEntity: EntityRef;
  readonly openedAt: string;
  readonly updatedAt: string;
  readonly resolvedAt: string | null;
  /** The incident this one turned out to be a part of, or null. */
  readonly mergedInto: string | null;
  readonly entities: readonly AffectedEntity[];
  readonly edges: readonly CausalEdge[];
  /** Ranked, the chosen cause first (rank 1). */
  readonly rootCauses: readonly RankedCause[];
  /** rootCauses without the first: what else it could have been, each with why it lost. */
  readonly alternatives: readonly RankedCause[];
  readonly contradictions: readonly Evidence[];
  readonly sourceHealth: readonly SourceHealth[];
  readonly timeline: readonly TimelineEntry[];
}

export type IncidentStatus = 'OPEN' | 'ACKNOWLEDGED' | 'RESOLVED';

export interface AffectedEntity {
  readonly entity: EntityRef;
  readonly role: 'ROOT_CAUSE' | 'AFFECTED';
}

export interface CausalEdge {
  /** UnifiedEvent ids. */
  readonly from: string;
  readonly to: string;
  /** Id of the rule that drew it. */
  readonly rule: string;
  /** Combined strength, 0 to 1. */
  readonly confidence: number;
  readonly temporal: number;
  readonly spatial: number;
  readonly causal: number;
  readonly semantic: number;
  /** effect minus cause; negative when clocks or polling put the effect first. */
  readonly lagMs: number;
  readonly evidence: readonly string[];
}

export interface RankedCause {
  readonly rank: number;
  readonly confidence: number;
  readonly category: Category;
  readonly eventId: string;
  readonly entity: EntityRef;
  readonly evidence: readonly Evidence[];
  /** Why it lost against rank 1, null for rank 1. */
  readonly whyNot: string | null;
}

/** One term of the solver's cost, in words. */
export interface Evidence {
  readonly text: string;
  /** Natural-log odds this term adds for (positive) or against (negative) the cause. */
  readonly weight: number;
  readonly eventId: string | null;
}

export interface TimelineEntry {
  readonly at: string;
  readonly kind: 'OPENED' | 'EVENT' | 'REVISED' | 'MERGED' | 'RESOLVED' | 'REOPENED' | 'ACKNOWLEDGED' | 'ANNOTATED';
  readonly text: string;
  readonly eventId: string | null;
}
