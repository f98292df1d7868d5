// Takes away the causal edges of incidents. Has to run before forget-incidents, which leads to them.
// rows: {id}
UNWIND $rows AS row
MATCH (:Incident {id: row.id})<-[:PART_OF]-(:Event)-[c:CAUSED {incidentId: row.id}]->(:Event)
DELETE c;
