// What was changed on these entities within a time, newest first.
MATCH (e:Event)-[:ON]->(n:Entity)
WHERE n.id IN $ids AND e.category STARTS WITH 'change.' AND e.timestamp >= $since AND e.timestamp <= $until
RETURN DISTINCT properties(e) AS event
ORDER BY event.timestamp DESC, event.id
LIMIT $limit
