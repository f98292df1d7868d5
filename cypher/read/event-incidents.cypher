// Incidents that events are part of, newest first.
MATCH (e:Event)-[:PART_OF]->(i:Incident)
WHERE e.id IN $ids AND i.mergedInto IS NULL
RETURN e.id AS eventId, i.id AS incidentId
ORDER BY eventId, i.openedAt DESC, incidentId DESC
