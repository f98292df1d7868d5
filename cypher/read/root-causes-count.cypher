// How many root causes the filter of root-causes-newest matches.
MATCH (i:Incident)-[r:ROOT_CAUSE]->(e:Event)
WHERE i.openedAt >= $since AND i.openedAt < $until
  AND i.mergedInto IS NULL AND r.rank <= $maxRank AND r.confidence >= $minConfidence
  AND i.severity IN $severities
  AND ($cluster IS NULL OR i.cluster = $cluster)
  AND ($namespace IS NULL OR $namespace IN i.namespaces)
  AND ($category IS NULL OR r.category = $category)
  AND ($entity IS NULL OR r.entityId = $entity)
  AND ($text IS NULL OR toLower(e.message) CONTAINS $text)
RETURN count(r) AS total
