// The events of a story.
// rows: {id, incidentId, revision}; id is the event's
UNWIND $rows AS row
MATCH (i:Incident {id: row.incidentId})
MATCH (e:Event {id: row.id})
WHERE i.revision = row.revision
MERGE (e)-[:PART_OF]->(i);
