// Do these two share a cause? Events from which a causal chain leads to both entities within one incident, the nearest first.
// :param firstEntityId => 'cluster/namespace/Kind/name'
// :param secondEntityId => 'cluster/namespace/Kind/name'
MATCH (a:Event)-[:ON]->(:Entity {id: $firstEntityId})
MATCH toFirst = (cause:Event)-[:CAUSED*0..8]->(a)
MATCH (b:Event)-[:ON]->(:Entity {id: $secondEntityId})
MATCH toSecond = (cause)-[:CAUSED*0..8]->(b)
WITH cause, length(toFirst) AS stepsToFirst, length(toSecond) AS stepsToSecond,
     [c IN relationships(toFirst) | c.incidentId] + [c IN relationships(toSecond) | c.incidentId] AS incidents
WHERE size(incidents) > 0 AND all(id IN incidents WHERE id = incidents[0])
WITH cause, incidents[0] AS incident, min(stepsToFirst) AS stepsToFirst, min(stepsToSecond) AS stepsToSecond
RETURN cause.entityId AS entity, cause.category AS category, cause.timestamp AS at, cause.message AS what,
       stepsToFirst, stepsToSecond, incident
ORDER BY stepsToFirst + stepsToSecond, at, category, entity
LIMIT 100;
