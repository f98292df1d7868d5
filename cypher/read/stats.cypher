// What the figures of stats are made of, one row for each incident that the filter matches, with the time of its root cause.
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
OPTIONAL MATCH (i)-[r:ROOT_CAUSE]->(e:Event) WHERE r.rank = 1
RETURN i.status AS status, i.severity AS severity, i.category AS category, i.rootCauseEntityId AS entityId,
  i.openedAt AS openedAt, i.resolvedAt AS resolvedAt, e.timestamp AS causedAt
ORDER BY openedAt DESC
LIMIT $limit
