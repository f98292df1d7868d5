// Incidents by id, merged ones too.
MATCH (i:Incident)
WHERE i.id IN $ids
RETURN i {.id, .status, .severity, .title, .summary, .rootCause, .recommendation, .confidence, .revision,
  .category, .traceId, .cluster, .namespaces, .openedAt, .updatedAt, .resolvedAt, .mergedInto, .rootCauseEntityId} AS incident
ORDER BY i.id
