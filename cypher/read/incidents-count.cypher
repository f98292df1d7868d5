// How many incidents the filter of incidents-newest matches.
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
RETURN count(i) AS total
