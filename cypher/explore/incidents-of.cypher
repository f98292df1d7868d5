// Every incident this entity was part of, newest first, and whether it was at the root or suffered.
// :param entityId => 'cluster/namespace/Kind/name'
MATCH (i:Incident)-[a:AFFECTS]->(n:Entity {id: $entityId})
WHERE i.mergedInto IS NULL
RETURN i.id AS incident, a.role AS role, i.status AS status, i.severity AS severity, i.title AS title,
       i.openedAt AS openedAt, i.resolvedAt AS resolvedAt, i.rootCauseEntityId AS rootCauseEntity
ORDER BY openedAt DESC, incident, role;
