// Ranked causes of incidents with their events.
MATCH (i:Incident)-[r:ROOT_CAUSE]->(e:Event)
WHERE i.id IN $ids
RETURN i.id AS incidentId, r.rank AS rank, r.confidence AS confidence, r.category AS category, r.entityId AS entityId,
  r.evidenceJson AS evidenceJson, r.whyNot AS whyNot, properties(e) AS event
ORDER BY incidentId, rank
