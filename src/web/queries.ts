/**
 * Every operation of the page, and what comes back. The documents are checked against schema/schema.graphql by test/web/queries.test.ts;
 * the types hold only what the documents ask for.
 */

export type Severity = 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
export type Status = 'OPEN' | 'ACKNOWLEDGED' | 'RESOLVED';

export interface EntityName {
  readonly id: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
}

export interface IncidentRow {
  readonly id: string;
  readonly status: Status;
  readonly severity: Severity;
  readonly title: string;
  readonly rootCause: string;
  readonly confidence: number;
  readonly revision: number;
  readonly category: string | null;
  readonly openedAt: string;
  readonly updatedAt: string;
  readonly resolvedAt: string | null;
  readonly cluster: string;
  readonly namespaces: readonly string[];
  readonly mergedInto: string | null;
  readonly rootCauseEntity: EntityName | null;
  readonly affected: readonly { readonly role: 'ROOT_CAUSE' | 'AFFECTED'; readonly entity: EntityName }[];
}

const entityName = 'fragment EntityName on Entity { id kind namespace name }';

const incidentRow = `fragment IncidentRow on Incident {
  id status severity title rootCause confidence revision category openedAt updatedAt resolvedAt cluster namespaces mergedInto
  rootCauseEntity { ...EntityName }
  affected { role entity { ...EntityName } }
}`;

export interface IncidentPage {
  readonly incidents: {
    readonly totalCount: number;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly edges: readonly { readonly node: IncidentRow }[];
  };
}

export const incidentPage = `query IncidentPage($first: Int!, $after: String, $filter: IncidentFilter, $orderBy: IncidentOrder) {
  incidents(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { node { ...IncidentRow } }
  }
}
${incidentRow}
${entityName}`;

export interface IncidentChange {
  readonly incidentChanged: { readonly cursor: string; readonly kind: string; readonly incident: IncidentRow };
}

export const incidentChanges = `subscription IncidentChanges($after: String) {
  incidentChanged(after: $after) { cursor kind incident { ...IncidentRow } }
}
${incidentRow}
${entityName}`;

export interface Source {
  readonly source: string;
  readonly cluster: string;
  readonly node: string | null;
  readonly state: 'HEALTHY' | 'DEGRADED' | 'DOWN';
  readonly reason: string | null;
  readonly lost: number;
  readonly lastSeen: string;
}

export interface Sources {
  readonly sourceHealth: readonly Source[];
}

export const sources = 'query Sources { sourceHealth { source cluster node state reason lost lastSeen } }';

export interface StoryEvent {
  readonly id: string;
  readonly timestamp: string;
  readonly type: string;
  readonly category: string;
  readonly message: string;
  readonly severity: Severity;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly workload: string | null;
  readonly pod: string | null;
  readonly container: string | null;
  readonly entity: EntityName;
}

export interface Evidence {
  readonly text: string;
  readonly weight: number;
  readonly eventId: string | null;
}

export interface RankedCause {
  readonly rank: number;
  readonly confidence: number;
  readonly category: string;
  readonly whyNot: string | null;
  readonly entity: EntityName;
  readonly event: StoryEvent;
  readonly evidence: readonly Evidence[];
}

export interface CausalEdge {
  readonly rule: string;
  readonly evidence: readonly string[];
  readonly confidence: number;
  readonly temporal: number;
  readonly spatial: number;
  readonly causal: number;
  readonly semantic: number;
  readonly lagMs: number;
  readonly from: { readonly id: string };
  readonly to: { readonly id: string };
}

export interface IncidentStory extends IncidentRow {
  readonly summary: string;
  readonly recommendation: string;
  readonly traceId: string | null;
  readonly mergedIncident: { readonly id: string; readonly title: string } | null;
  readonly rootCauses: readonly RankedCause[];
  readonly contradictions: readonly Evidence[];
  readonly sourceHealth: readonly Source[];
  readonly timeline: readonly {
    readonly at: string;
    readonly kind: string;
    readonly text: string;
    readonly eventId: string | null;
  }[];
  readonly annotations: readonly { readonly at: string; readonly author: string | null; readonly text: string }[];
  readonly causalGraph: {
    readonly nodes: readonly StoryEvent[];
    readonly edges: readonly CausalEdge[];
    readonly truncated: boolean;
  };
  readonly events: { readonly totalCount: number; readonly edges: readonly { readonly node: StoryEvent }[] };
}

const storyEvent = `fragment StoryEvent on Event {
  id timestamp type category message severity count firstSeen lastSeen workload pod container entity { ...EntityName }
}`;

export interface Story {
  readonly incident: IncidentStory | null;
}

export const story = `query Story($id: ID!) {
  incident(id: $id) {
    ...IncidentRow
    summary recommendation traceId
    mergedIncident { id title }
    rootCauses { rank confidence category whyNot entity { ...EntityName } event { ...StoryEvent } evidence { text weight eventId } }
    contradictions { text weight eventId }
    sourceHealth { source cluster node state reason lost lastSeen }
    timeline { at kind text eventId }
    annotations { at author text }
    causalGraph {
      truncated
      nodes { ...StoryEvent }
      edges { rule evidence confidence temporal spatial causal semantic lagMs from { id } to { id } }
    }
    events(first: 500) { totalCount edges { node { ...StoryEvent } } }
  }
}
${incidentRow}
${storyEvent}
${entityName}`;

export interface EntityState extends EntityName {
  readonly cluster: string;
  readonly uid: string | null;
  readonly createdAt: string | null;
  readonly deletedAt: string | null;
  readonly labels: readonly Attribute[];
  readonly facts: readonly Attribute[];
}

export interface Attribute {
  readonly name: string;
  readonly value: string;
}

export interface TopologyRelation {
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly validFrom: string;
  readonly validTo: string | null;
}

export interface EntityPage {
  readonly entity: EntityState | null;
  readonly events: { readonly totalCount: number; readonly edges: readonly { readonly node: StoryEvent }[] };
  readonly incidents: { readonly totalCount: number; readonly edges: readonly { readonly node: IncidentRow }[] };
}

export const entityPage = `query EntityPage($id: ID!) {
  entity(id: $id) { ...EntityName cluster uid createdAt deletedAt labels { name value } facts { name value } }
  events(first: 100, filter: { entity: $id }) { totalCount edges { node { ...StoryEvent } } }
  incidents(first: 20, filter: { entity: $id }) { totalCount edges { node { ...IncidentRow } } }
}
${incidentRow}
${storyEvent}
${entityName}`;

export interface Topology {
  readonly root: EntityName;
  readonly nodes: readonly (EntityName & { readonly createdAt: string | null; readonly deletedAt: string | null })[];
  readonly relations: readonly TopologyRelation[];
  readonly truncated: boolean;
}

export interface TopologyAnswer {
  readonly topology: Topology;
}

export const topology = `query TopologyAsOf($entity: ID!, $depth: Int, $asOf: DateTime) {
  topology(entity: $entity, depth: $depth, asOf: $asOf) {
    root { ...EntityName }
    nodes { ...EntityName createdAt deletedAt }
    relations { type from to validFrom validTo }
    truncated
  }
}
${entityName}`;

export interface EntityNames {
  readonly entities: { readonly edges: readonly { readonly node: EntityName }[] };
}

export const entityNames = `query EntityNames($filter: EntityFilter) {
  entities(first: 30, filter: $filter) { edges { node { ...EntityName } } }
}
${entityName}`;

export interface Figures {
  readonly stats: {
    readonly open: number;
    readonly opened: number;
    readonly meanTimeToDetectMs: number | null;
    readonly meanTimeToResolveMs: number | null;
    readonly truncated: boolean;
    readonly byCategory: readonly { readonly category: string; readonly count: number }[];
    readonly topRootCauseEntities: readonly { readonly count: number; readonly entity: EntityName }[];
  };
}

export const figures = `query Figures($filter: IncidentFilter) {
  stats(filter: $filter) {
    open opened meanTimeToDetectMs meanTimeToResolveMs truncated
    byCategory { category count }
    topRootCauseEntities { count entity { ...EntityName } }
  }
}
${entityName}`;

export interface SimilarIncidents {
  readonly similarIncidents: readonly {
    readonly score: number;
    readonly because: readonly string[];
    readonly incident: IncidentRow;
  }[];
}

export const similarIncidents = `query SimilarIncidents($incident: ID!) {
  similarIncidents(incident: $incident, first: 5) { score because incident { ...IncidentRow } }
}
${incidentRow}
${entityName}`;

export interface EntityQuestions {
  readonly blastRadius: {
    readonly truncated: boolean;
    readonly dependents: readonly { readonly distance: number; readonly entity: EntityName }[];
  };
  readonly whatChanged: readonly {
    readonly score: number;
    readonly distance: number;
    readonly entity: EntityName;
    readonly event: StoryEvent;
  }[];
}

export const entityQuestions = `query EntityQuestions($entity: ID!, $before: DateTime, $within: Duration) {
  blastRadius(entity: $entity, depth: 3) { truncated dependents { distance entity { ...EntityName } } }
  whatChanged(entity: $entity, before: $before, within: $within) { score distance entity { ...EntityName } event { ...StoryEvent } }
}
${storyEvent}
${entityName}`;
