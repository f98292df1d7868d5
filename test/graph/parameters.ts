import { graphBatches } from '../../ingest/store.js';
import { type GraphValue } from '../../src/graph/store.js';
import { apiReadParameters } from '../schema/read-parameters.js';
import { incidentId, moment, wholeChange, world } from './story.js';

export type Parameters = Readonly<Record<string, GraphValue>>;

/**
 * Example parameters of every statement that is read, several where the answer should differ; they ask about the story of story.ts. A
 * file in cypher/read or cypher/explore that is not named here fails the contract.
 */
export const readParameters: Readonly<Record<string, readonly Parameters[]>> = {
  'explore/blast-radius': [
    { entityId: world.container.id, at: moment.during },
    { entityId: world.node.id, at: moment.during },
    { entityId: world.node.id, at: moment.before },
  ],
  'explore/causal-chain': [{ incidentId }],
  'explore/changes-before': [{ incidentId }],
  'explore/close-verdicts': [{}],
  'explore/edges-of-rule': [{ rule: 'no-endpoints-fails-callers' }],
  'explore/failures-because-of': [{ entityId: world.container.id }, { entityId: world.pod.id }],
  'explore/flapping': [{}],
  'explore/frequent-root-causes': [{}],
  'explore/incidents-of': [{ entityId: world.pod.id }],
  'explore/on-node': [
    { nodeId: world.node.id, at: moment.during },
    { nodeId: world.node.id, at: moment.before },
  ],
  'explore/open-incidents': [{}],
  'explore/root-cause': [{ incidentId }],
  'explore/shared-cause': [{ firstEntityId: world.service.id, secondEntityId: world.callerPod.id }],
  'explore/slowest-propagation': [{}],
  'explore/timeline': [{ incidentId }],
  ...apiReadParameters,
};

/** Example rows of every statement that writes, taken from the change that a commit of the story makes. */
export const writeRows: ReadonlyMap<string, readonly Parameters[]> = new Map([
  ...graphBatches(wholeChange()).map(({ statement, rows }) => [statement, rows] as const),
  // What retention takes away, of things that are not there: whoever runs all of these has the story as it was.
  ...['causes', 'incidents', 'events', 'entities', 'relations:OWNS'].map(
    (kind) => [`write/forget-${kind}`, [{ id: 'none', from: 'none' }]] as const,
  ),
]);
