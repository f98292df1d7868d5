// What failed because of this entity? Every event that a causal chain leads to from an event on it, in any incident.
// :param entityId => 'cluster/namespace/Kind/name'
MATCH (cause:Event)-[:ON]->(n:Entity {id: $entityId})
MATCH path = (cause)-[cs:CAUSED*1..12]->(effect:Event)
WHERE all(c IN cs WHERE c.incidentId = cs[0].incidentId) AND effect.entityId <> $entityId
WITH effect, cs[0].incidentId AS incident, min(length(path)) AS steps
RETURN effect.timestamp AS at, effect.entityId AS entity, effect.category AS category, effect.message AS what, steps, incident
ORDER BY at, entity, category, incident
LIMIT 1000;
