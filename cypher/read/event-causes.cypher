// What caused these events: the edges that lead into them; $incidentId null: those of every incident that stands.
MATCH (a:Event)-[c:CAUSED]->(b:Event)
WHERE b.id IN $ids AND ($incidentId IS NULL OR c.incidentId = $incidentId)
RETURN a.id AS from, b.id AS to, properties(c) AS edge
ORDER BY c.confidence DESC, from, to
LIMIT $limit
