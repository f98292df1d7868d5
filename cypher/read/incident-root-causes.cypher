// Ranked causes of incidents with their events, and the entities of those, which nearly every question goes on to ask for.
MATCH (i:Incident)-[r:ROOT_CAUSE]->(e:Event)
WHERE i.id IN $ids
OPTIONAL MATCH (e)-[:ON]->(n:Entity)
RETURN i.id AS incidentId, r.rank AS rank, r.confidence AS confidence, r.category AS category, r.entityId AS entityId,
  r.evidenceJson AS evidenceJson, r.whyNot AS whyNot, properties(e) AS event, properties(n) AS eventEntity
ORDER BY incidentId, rank
