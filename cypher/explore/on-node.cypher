// What ran on this node at that moment, and which incidents did each pod have a part in?
// :param nodeId => 'cluster/_/Node/name'
// :param at => '2026-11-24T12:00:00.000000000Z'
MATCH (pod:Entity)-[r:RUNS_ON]->(node:Entity {id: $nodeId})
WHERE r.validFrom <= $at AND (r.validTo IS NULL OR r.validTo > $at)
OPTIONAL MATCH (i:Incident)-[:AFFECTS]->(pod)
WITH pod, r, i
ORDER BY i.openedAt, i.id
WITH pod, r, collect(DISTINCT i.title) AS incidents
RETURN pod.namespace AS namespace, pod.name AS pod, r.validFrom AS since, r.validTo AS until, incidents
ORDER BY namespace, pod;
