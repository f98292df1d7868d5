// How many entities the filter of entities matches.
MATCH (n:Entity)
WHERE n.id > ''
  AND ($cluster IS NULL OR n.cluster = $cluster)
  AND ($namespace IS NULL OR n.namespace = $namespace)
  AND ($kind IS NULL OR n.kind = $kind)
  AND ($deleted IS NULL OR (n.deletedAt IS NOT NULL) = $deleted)
  AND ($text IS NULL OR toLower(n.name) CONTAINS $text)
RETURN count(n) AS total
