// Causal edges of incidents, the surest first; through membership, so that no edge of another incident is looked at.
MATCH (i:Incident)<-[:PART_OF]-(a:Event)-[c:CAUSED]->(b:Event)
WHERE i.id IN $ids AND c.incidentId = i.id
RETURN i.id AS incidentId, a.id AS from, b.id AS to, properties(c) AS edge
ORDER BY incidentId, c.confidence DESC, from, to
