// Events by time, newest first: the page before the position ($before, $beforeId), as in incidents-newest.
MATCH (e:Event)
WHERE e.timestamp >= $since AND e.timestamp <= $before AND (e.timestamp < $before OR e.id < $beforeId)
  AND e.severity IN $severities
  AND ($cluster IS NULL OR e.cluster = $cluster)
  AND ($namespace IS NULL OR e.namespace = $namespace)
  AND ($category IS NULL OR e.category = $category)
  AND ($type IS NULL OR e.type = $type)
  AND ($entity IS NULL OR e.entityId = $entity)
  AND ($traceId IS NULL OR e.traceId = $traceId)
  AND ($text IS NULL OR toLower(e.message) CONTAINS $text)
RETURN properties(e) AS event
ORDER BY e.timestamp DESC, e.id DESC
LIMIT $limit
