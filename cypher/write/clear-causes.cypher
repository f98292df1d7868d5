// Takes away the causal edges of the revision before. Has to run before clear-members, which leads to them.
// rows: {id, revision}
UNWIND $rows AS row
MATCH (i:Incident {id: row.id})<-[:PART_OF]-(:Event)-[c:CAUSED {incidentId: row.id}]->(:Event)
WHERE i.revision = row.revision
DELETE c;
