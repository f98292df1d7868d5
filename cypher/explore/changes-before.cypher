// What was changed before this incident began, near what it touches? Newest first. A change here is a question, not a verdict: whether it
// was ranked as a cause, and why not, stands in whyNot.
// :param incidentId => 'an id from open-incidents'
MATCH (i:Incident {id: $incidentId})-[:AFFECTS]->(touched:Entity)
MATCH (touched)-[:OWNS|SELECTS|USES|MOUNTS|CALLS|ROUTES_TO|SCALES|RUNS_ON*0..3]-(near:Entity)
WITH DISTINCT i, near
MATCH (change:Event)-[:ON]->(near)
WHERE change.category STARTS WITH 'change.' AND change.timestamp <= i.openedAt
WITH DISTINCT i, change
OPTIONAL MATCH (i)-[r:ROOT_CAUSE]->(change)
RETURN change.timestamp AS at, change.entityId AS entity, change.category AS category, change.message AS what,
       change.attributesJson AS attributes, r.rank AS rank, r.whyNot AS whyNot
ORDER BY at DESC, entity, category
LIMIT 50;
