// The entities a story touches: the one at its root, and those that suffer.
// rows: {id, incidentId, revision, role}; id is the entity's
UNWIND $rows AS row
MATCH (i:Incident {id: row.incidentId})
MATCH (n:Entity {id: row.id})
WHERE i.revision = row.revision
MERGE (i)-[:AFFECTS {role: row.role}]->(n);
