// Events of incidents by time, for each incident the first $limit after the position ($after, $afterId).
MATCH (e:Event)-[:PART_OF]->(i:Incident)
WHERE i.id IN $ids AND (e.timestamp > $after OR (e.timestamp = $after AND e.id > $afterId))
WITH i.id AS incidentId, e
ORDER BY e.timestamp, e.id
WITH incidentId, collect(properties(e)) AS events
RETURN incidentId, events[0..$limit] AS events
ORDER BY incidentId
