// What these events caused: the edges that lead out of them; $incidentId null: those of every incident that stands.
MATCH (a:Event)-[c:CAUSED]->(b:Event)
WHERE a.id IN $ids AND ($incidentId IS NULL OR c.incidentId = $incidentId)
RETURN a.id AS from, b.id AS to, properties(c) AS edge
ORDER BY c.confidence DESC, from, to
LIMIT $limit
