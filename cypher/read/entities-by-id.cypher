// Entities by id.
MATCH (n:Entity)
WHERE n.id IN $ids
RETURN properties(n) AS entity
ORDER BY n.id
