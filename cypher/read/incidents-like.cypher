// Incidents that share the category or the entity of a root cause with another, newest first.
MATCH (i:Incident)
WHERE i.id <> $id AND i.mergedInto IS NULL AND (i.category = $category OR i.rootCauseEntityId = $entity)
RETURN i {.id, .status, .severity, .title, .summary, .rootCause, .recommendation, .confidence, .revision,
  .category, .traceId, .cluster, .namespaces, .openedAt, .updatedAt, .resolvedAt, .mergedInto, .rootCauseEntityId} AS incident
ORDER BY i.openedAt DESC, i.id DESC
LIMIT $limit
