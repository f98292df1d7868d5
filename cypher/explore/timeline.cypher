// What happened in this incident, in order? Each event with how many milliseconds after its direct causes it came, by which rules.
// :param incidentId => 'an id from open-incidents'
MATCH (e:Event)-[:PART_OF]->(i:Incident {id: $incidentId})
OPTIONAL MATCH (cause:Event)-[c:CAUSED {incidentId: $incidentId}]->(e)
WITH e, i, c, cause
ORDER BY c.lagMs, cause.id
WITH e, i, collect(CASE WHEN c IS NULL THEN null ELSE {rule: c.rule, lagMs: c.lagMs, cause: cause.category} END) AS because
OPTIONAL MATCH (i)-[r:ROOT_CAUSE]->(e)
RETURN e.timestamp AS at, e.severity AS severity, e.entityId AS entity, e.category AS category, e.message AS what, e.count AS count,
       r.rank AS causeRank, because
ORDER BY at, entity, category;
