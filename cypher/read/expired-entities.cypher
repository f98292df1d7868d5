// Entities that were deleted before a time and on which nothing hangs any more.
MATCH (n:Entity)
WHERE n.deletedAt < $before AND NOT EXISTS { MATCH (n)--() }
RETURN n.id AS id
ORDER BY id
LIMIT $limit
