import { registerEnumType } from 'type-graphql';
import { severities, type Severity as SeverityName } from '../src/model/unified-event.js';
import type { IncidentStatus as IncidentStatusName } from '../src/model/correlation-result.js';

export const Severity = {
  INFO: 'INFO',
  WARNING: 'WARNING',
  ERROR: 'ERROR',
  CRITICAL: 'CRITICAL',
} as const satisfies Record<SeverityName, SeverityName>;
registerEnumType(Severity, { name: 'Severity', description: 'How bad, from a mere change to an outage.' });
export const allSeverities: readonly SeverityName[] = severities;

export const IncidentStatus = {
  OPEN: 'OPEN',
  ACKNOWLEDGED: 'ACKNOWLEDGED',
  RESOLVED: 'RESOLVED',
} as const satisfies Record<IncidentStatusName, IncidentStatusName>;
registerEnumType(IncidentStatus, {
  name: 'IncidentStatus',
  description: 'Where an incident stands.',
  valuesConfig: {
    OPEN: { description: 'Something is still wrong.' },
    ACKNOWLEDGED: { description: 'Still wrong, and somebody is at it.' },
    RESOLVED: { description: 'Every symptom has gone.' },
  },
});
export const allIncidentStatuses: readonly IncidentStatusName[] = Object.values(IncidentStatus);

export const IncidentOrderField = { OPENED_AT: 'OPENED_AT', UPDATED_AT: 'UPDATED_AT', SEVERITY: 'SEVERITY' } as const;
export type IncidentOrderField = keyof typeof IncidentOrderField;
registerEnumType(IncidentOrderField, {
  name: 'IncidentOrderField',
  description: 'What incidents are ordered by.',
  valuesConfig: { SEVERITY: { description: 'Equal severities by openedAt.' } },
});

export const OrderDirection = { ASC: 'ASC', DESC: 'DESC' } as const;
export type OrderDirection = keyof typeof OrderDirection;
registerEnumType(OrderDirection, { name: 'OrderDirection', description: 'Smallest or greatest first.' });

export const CausalDirection = { CAUSES: 'CAUSES', EFFECTS: 'EFFECTS', BOTH: 'BOTH' } as const;
export type CausalDirection = keyof typeof CausalDirection;
registerEnumType(CausalDirection, {
  name: 'CausalDirection',
  description: 'Which way causal edges are followed.',
  valuesConfig: {
    CAUSES: { description: 'Upstream: what led to it.' },
    EFFECTS: { description: 'Downstream: what it led to.' },
  },
});

export const AffectedRole = { ROOT_CAUSE: 'ROOT_CAUSE', AFFECTED: 'AFFECTED' } as const;
registerEnumType(AffectedRole, { name: 'AffectedRole', description: 'What an entity is to an incident.' });

export const SourceState = { HEALTHY: 'healthy', DEGRADED: 'degraded', DOWN: 'down' } as const;
registerEnumType(SourceState, {
  name: 'SourceState',
  description: 'How well a source sees.',
  valuesConfig: {
    DEGRADED: { description: 'Sees less than it could; the reason says what is missing.' },
    DOWN: { description: 'Sees nothing.' },
  },
});

export const TimelineKind = {
  OPENED: 'OPENED',
  EVENT: 'EVENT',
  REVISED: 'REVISED',
  MERGED: 'MERGED',
  RESOLVED: 'RESOLVED',
  REOPENED: 'REOPENED',
  ACKNOWLEDGED: 'ACKNOWLEDGED',
  ANNOTATED: 'ANNOTATED',
} as const;
registerEnumType(TimelineKind, { name: 'TimelineKind', description: 'What an entry of a timeline tells of.' });

export const IncidentChangeKind = {
  OPENED: 'OPENED',
  REVISED: 'REVISED',
  MERGED: 'MERGED',
  RESOLVED: 'RESOLVED',
  REOPENED: 'REOPENED',
  ACKNOWLEDGED: 'ACKNOWLEDGED',
} as const;
export type IncidentChangeKind = keyof typeof IncidentChangeKind;
registerEnumType(IncidentChangeKind, {
  name: 'IncidentChangeKind',
  description: 'What has happened to an incident.',
  valuesConfig: {
    OPENED: { description: 'Its first revision.' },
    REVISED: { description: 'Later evidence has changed the story.' },
    MERGED: { description: 'It turned out to be a part of another incident, see mergedInto.' },
    REOPENED: { description: 'The same trouble came back after it was resolved.' },
  },
});
