// How did it spread? Every causal path of an incident from its root cause, shortest first: the events in order, then for each step
// the rule that drew it, how sure it was, its lag in milliseconds and its evidence. To see it drawn, RETURN path instead.
// :param incidentId => 'an id from open-incidents'
MATCH (i:Incident {id: $incidentId})-[:ROOT_CAUSE {rank: 1}]->(root:Event)
MATCH path = (root)-[:CAUSED*1..12]->(effect:Event)
WHERE all(c IN relationships(path) WHERE c.incidentId = $incidentId)
RETURN length(path) AS steps,
       [e IN nodes(path) | e.category + ' on ' + e.entityId] AS chain,
       [c IN relationships(path) | {rule: c.rule, confidence: c.confidence, lagMs: c.lagMs, evidence: c.evidence}] AS edges,
       reduce(total = 0.0, c IN relationships(path) | total + c.lagMs) AS totalLagMs
ORDER BY steps, totalLagMs, chain
LIMIT 1000;
