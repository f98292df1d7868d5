// Takes away what belonged to the incident in the revision before: events, ranked causes, affected entities.
// rows: {id, revision}
UNWIND $rows AS row
MATCH (i:Incident {id: row.id})-[m:PART_OF|ROOT_CAUSE|AFFECTS]-()
WHERE i.revision = row.revision
DELETE m;
