// Root causes of incidents by openedAt, newest first, then by rank: the page after the position ($before, $beforeId, $rank).
MATCH (i:Incident)-[r:ROOT_CAUSE]->(e:Event)
WHERE i.openedAt >= $since AND i.openedAt <= $before
  AND (i.openedAt < $before OR i.id < $beforeId OR (i.id = $beforeId AND r.rank > $rank))
  AND i.mergedInto IS NULL AND r.rank <= $maxRank AND r.confidence >= $minConfidence
  AND i.severity IN $severities
  AND ($cluster IS NULL OR i.cluster = $cluster)
  AND ($namespace IS NULL OR $namespace IN i.namespaces)
  AND ($category IS NULL OR r.category = $category)
  AND ($entity IS NULL OR r.entityId = $entity)
  AND ($text IS NULL OR toLower(e.message) CONTAINS $text)
RETURN i.id AS incidentId, i.openedAt AS openedAt, r.rank AS rank, r.confidence AS confidence, r.category AS category,
  r.entityId AS entityId, r.evidenceJson AS evidenceJson, r.whyNot AS whyNot, properties(e) AS event
ORDER BY i.openedAt DESC, i.id DESC, r.rank
LIMIT $limit
