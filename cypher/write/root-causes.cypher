// The ranked causes of a story: rank 1 is the verdict, the rest say why they lost.
// rows: {id, incidentId, revision, rank, properties: {confidence, category, entityId, evidenceJson, whyNot}}; id is the event's
UNWIND $rows AS row
MATCH (i:Incident {id: row.incidentId})
MATCH (e:Event {id: row.id})
WHERE i.revision = row.revision
MERGE (i)-[r:ROOT_CAUSE {rank: row.rank}]->(e)
SET r += row.properties;
