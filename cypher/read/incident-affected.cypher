// Entities that incidents touch, the root cause first.
MATCH (i:Incident)-[a:AFFECTS]->(n:Entity)
WHERE i.id IN $ids
RETURN i.id AS incidentId, a.role AS role, properties(n) AS entity
ORDER BY incidentId, role DESC, n.id
