// Incidents that were over before a time, the longest over first.
MATCH (i:Incident)
WHERE i.updatedAt < $before AND i.status = 'RESOLVED'
RETURN i.id AS id
ORDER BY i.updatedAt, id
LIMIT $limit
