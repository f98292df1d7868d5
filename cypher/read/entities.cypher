// Entities by id, one page after $afterId.
MATCH (n:Entity)
WHERE n.id > $afterId
  AND ($cluster IS NULL OR n.cluster = $cluster)
  AND ($namespace IS NULL OR n.namespace = $namespace)
  AND ($kind IS NULL OR n.kind = $kind)
  AND ($deleted IS NULL OR (n.deletedAt IS NOT NULL) = $deleted)
  AND ($text IS NULL OR toLower(n.name) CONTAINS $text)
RETURN properties(n) AS entity
ORDER BY n.id
LIMIT $limit
