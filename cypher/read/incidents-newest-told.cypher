// What incidents-newest gives, and with every incident its ranked causes and what it touches: a page and what nearly every page is
// asked with, in one statement instead of one after another.
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
WITH i
ORDER BY i.openedAt DESC, i.id DESC
LIMIT $limit
OPTIONAL MATCH (i)-[r:ROOT_CAUSE]->(e:Event)
OPTIONAL MATCH (e)-[:ON]->(n:Entity)
WITH i, r, e, n
ORDER BY r.rank
WITH i, collect(CASE WHEN r IS NULL THEN null ELSE {incidentId: i.id, rank: r.rank, confidence: r.confidence,
  category: r.category, entityId: r.entityId, evidenceJson: r.evidenceJson, whyNot: r.whyNot, event: properties(e),
  eventEntity: properties(n)} END) AS causes
OPTIONAL MATCH (i)-[a:AFFECTS]->(m:Entity)
WITH i, causes, a, m
ORDER BY a.role DESC, m.id
WITH i, causes, collect(CASE WHEN a IS NULL THEN null ELSE {role: a.role, entity: properties(m)} END) AS affected
RETURN i {.id, .status, .severity, .title, .summary, .rootCause, .recommendation, .confidence, .revision,
  .category, .traceId, .cluster, .namespaces, .openedAt, .updatedAt, .resolvedAt, .mergedInto, .rootCauseEntityId} AS incident,
  causes, affected
ORDER BY i.openedAt DESC, i.id DESC
