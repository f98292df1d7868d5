import type { GraphValue } from '../../src/graph/store.js';
import { events, incidentId, moment, otherIncidentId, world } from '../graph/story.js';

type Parameters = Readonly<Record<string, GraphValue>>;

const ids = [incidentId, otherIncidentId];
const allTime = { since: '', until: '~' };
const firstPage = { since: '', before: '~', beforeId: '', limit: 10 };
const secondPage = { since: moment.before, before: events.missing.timestamp, beforeId: otherIncidentId, limit: 10 };

const anyIncident = {
  statuses: ['OPEN', 'ACKNOWLEDGED', 'RESOLVED'],
  severities: ['INFO', 'WARNING', 'ERROR', 'CRITICAL'],
  cluster: null,
  namespace: null,
  category: null,
  entity: null,
  text: null,
};
const oneIncident = {
  statuses: ['OPEN'],
  severities: ['CRITICAL', 'ERROR'],
  cluster: 'lab',
  namespace: 'shop',
  category: 'container.oom-killed',
  entity: world.service.id,
  text: 'memory',
};
const anyCause = {
  severities: anyIncident.severities,
  cluster: null,
  namespace: null,
  category: null,
  entity: null,
  text: null,
  maxRank: 9,
  minConfidence: 0,
};
const oneCause = {
  severities: ['CRITICAL'],
  cluster: 'lab',
  namespace: 'shop',
  category: 'container.oom-killed',
  entity: world.container.id,
  text: 'kernel',
  maxRank: 1,
  minConfidence: 0.5,
};
const anyEvent = {
  severities: anyIncident.severities,
  cluster: null,
  namespace: null,
  category: null,
  type: null,
  entity: null,
  traceId: null,
  text: null,
};
const oneEvent = {
  severities: [events.refused.impact.severity],
  cluster: 'lab',
  namespace: 'shop',
  category: 'call.refused',
  type: 'log',
  entity: world.callerPod.id,
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  text: 'cannot reach',
};
const anyEntity = { cluster: null, namespace: null, kind: null, deleted: null, text: null };
const oneEntity = { cluster: 'lab', namespace: 'shop', kind: 'Pod', deleted: false, text: 'cart' };
const orderings: readonly Parameters[] = ['OPENED_AT', 'UPDATED_AT', 'SEVERITY'].map((orderBy) => ({
  ...allTime,
  orderBy,
  limit: 10,
}));

/** Example parameters of the statements that the API reads with: everything, and every condition at once. */
export const apiReadParameters: Readonly<Record<string, readonly Parameters[]>> = {
  'read/changes-on': [
    { ids: [world.deployment.id, world.pod.id], since: moment.before, until: moment.opened, limit: 10 },
  ],
  'read/entities': [
    { ...anyEntity, afterId: '', limit: 5 },
    { ...oneEntity, afterId: world.node.id, limit: 5 },
  ],
  'read/entities-by-id': [{ ids: [world.pod.id, world.node.id, 'not/there/Pod/at-all'] }],
  'read/entities-count': [anyEntity, oneEntity],
  'read/entity-dependents': [
    { ids: [world.node.id], at: moment.during, limit: 10 },
    { ids: [world.node.id, world.service.id], at: moment.before, limit: 3 },
  ],
  'read/entity-relations': [
    { ids: [world.pod.id], at: moment.during, limit: 10 },
    { ids: [world.node.id, world.pod.id], at: moment.before, limit: 3 },
  ],
  'read/event-causes': [
    { ids: [events.refused.id, events.noEndpoints.id], incidentId: null, limit: 10 },
    { ids: [events.refused.id], incidentId, limit: 10 },
  ],
  'read/event-effects': [
    { ids: [events.oom.id, events.terminated.id], incidentId: null, limit: 10 },
    { ids: [events.oom.id], incidentId: otherIncidentId, limit: 10 },
  ],
  'read/event-incidents': [{ ids: Object.values(events).map(({ id }) => id) }],
  'read/events-by-id': [{ ids: [events.oom.id, events.refused.id, 'none'] }],
  'read/events-count': [
    { ...allTime, ...anyEvent },
    { ...allTime, ...oneEvent },
  ],
  'read/events-newest': [
    { ...firstPage, ...anyEvent, limit: 4 },
    { ...secondPage, ...anyEvent },
    { ...firstPage, ...oneEvent },
  ],
  'read/expired-entities': [{ before: '~', limit: 10 }],
  'read/expired-events': [{ before: '~', limit: 10 }],
  'read/expired-incidents': [{ before: '~', limit: 10 }],
  'read/expired-relations': [{ before: '~', limit: 10 }],
  'read/incident-affected': [{ ids }],
  'read/incident-details': [{ ids }],
  'read/incident-edges': [{ ids }],
  'read/incident-event-counts': [{ ids }],
  'read/incident-events': [
    { ids, after: '', afterId: '', limit: 3 },
    { ids, after: events.oom.timestamp, afterId: events.oom.id, limit: 100 },
  ],
  'read/incident-root-causes': [{ ids }],
  'read/incidents-ascending': [
    ...orderings.map((ordering) => ({ ...anyIncident, ...ordering, key: null, keyId: '' })),
    { ...anyIncident, ...orderings[0]!, key: moment.opened, keyId: incidentId },
  ],
  'read/incidents-by-id': [{ ids: [...ids, 'none'] }],
  'read/incidents-count': [
    { ...allTime, ...anyIncident },
    { ...allTime, ...oneIncident },
  ],
  'read/incidents-descending': [
    ...orderings.map((ordering) => ({ ...anyIncident, ...ordering, key: null, keyId: '' })),
    { ...anyIncident, ...orderings[0]!, key: events.missing.timestamp, keyId: otherIncidentId },
  ],
  'read/incident-templates': [{ ids }],
  'read/incidents-like': [
    { id: otherIncidentId, category: 'container.oom-killed', entity: world.container.id, limit: 5 },
  ],
  'read/incidents-newest': [
    { ...firstPage, ...anyIncident },
    { ...secondPage, ...anyIncident },
    { ...firstPage, ...oneIncident },
  ],
  'read/incidents-newest-told': [
    { ...firstPage, ...anyIncident },
    { ...secondPage, ...anyIncident },
    { ...firstPage, ...oneIncident },
  ],
  'read/root-causes-count': [
    { ...allTime, ...anyCause },
    { ...allTime, ...oneCause },
  ],
  'read/root-causes-newest': [
    { ...firstPage, ...anyCause, rank: 0 },
    { ...anyCause, since: '', before: moment.opened, beforeId: incidentId, rank: 1, limit: 10 },
    { ...firstPage, ...oneCause, rank: 0 },
  ],
  'read/sources': [{}],
  'read/stats': [{ ...allTime, ...anyIncident, limit: 10 }],
};
