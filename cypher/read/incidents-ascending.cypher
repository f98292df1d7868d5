// Incidents in ascending order of a key that is chosen by $orderBy, one page after the position ($key, $keyId); $key null: the first.
MATCH (i:Incident)
WHERE i.openedAt >= $since AND i.openedAt < $until
  AND i.mergedInto IS NULL
  AND i.status IN $statuses AND i.severity IN $severities
  AND ($cluster IS NULL OR i.cluster = $cluster)
  AND ($namespace IS NULL OR $namespace IN i.namespaces)
  AND ($category IS NULL OR i.category = $category)
  AND ($entity IS NULL OR i.rootCauseEntityId = $entity
    OR EXISTS { MATCH (i)-[:AFFECTS]->(n:Entity) WHERE n.id = $entity })
  AND ($text IS NULL OR toLower(i.title) CONTAINS $text OR toLower(i.summary) CONTAINS $text
    OR toLower(i.rootCause) CONTAINS $text)
WITH i, CASE $orderBy
    WHEN 'UPDATED_AT' THEN i.updatedAt
    WHEN 'SEVERITY' THEN toString(i.severityRank) + i.openedAt
    ELSE i.openedAt
  END AS key
WHERE $key IS NULL OR key > $key OR (key = $key AND i.id > $keyId)
RETURN i {.id, .status, .severity, .title, .summary, .rootCause, .recommendation, .confidence, .revision,
  .category, .traceId, .cluster, .namespaces, .openedAt, .updatedAt, .resolvedAt, .mergedInto, .rootCauseEntityId} AS incident,
  key AS key
ORDER BY key, i.id
LIMIT $limit
