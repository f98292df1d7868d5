// The causal edges of a story, each with the rule that drew it and on what evidence.
// rows: {id, incidentId, revision, from, to, rule, properties: {confidence, temporal, spatial, causal, semantic, lagMs, evidence}}
UNWIND $rows AS row
MATCH (i:Incident {id: row.incidentId})
MATCH (cause:Event {id: row.from})
MATCH (effect:Event {id: row.to})
WHERE i.revision = row.revision
MERGE (cause)-[c:CAUSED {incidentId: row.incidentId, rule: row.rule}]->(effect)
SET c += row.properties;
