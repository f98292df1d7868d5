// Incidents by openedAt, newest first: the page before the position ($before, $beforeId), both exclusive together. The first
// page passes the end of the range and ''. The range on openedAt lets the index deliver the order.
MATCH (i:Incident)
WHERE i.openedAt >= $since AND i.openedAt <= $before AND (i.openedAt < $before OR i.id < $beforeId)
  AND i.mergedInto IS NULL
  AND i.status IN $statuses AND i.severity IN $severities
  AND ($cluster IS NULL OR i.cluster = $cluster)
  AND ($namespace IS NULL OR $namespace IN i.namespaces)
  AND ($category IS NULL OR i.category = $category)
  AND ($entity IS NULL OR i.rootCauseEntityId = $entity
    OR EXISTS { MATCH (i)-[:AFFECTS]->(n:Entity) WHERE n.id = $entity })
  AND ($text IS NULL OR toLower(i.title) CONTAINS $text OR toLower(i.summary) CONTAINS $text
    OR toLower(i.rootCause) CONTAINS $text)
RETURN i {.id, .status, .severity, .title, .summary, .rootCause, .recommendation, .confidence, .revision,
  .category, .traceId, .cluster, .namespaces, .openedAt, .updatedAt, .resolvedAt, .mergedInto, .rootCauseEntityId} AS incident
ORDER BY i.openedAt DESC, i.id DESC
LIMIT $limit
