// Takes away incidents with all that hangs on them; their events stay until they are expired themselves.
// rows: {id}
UNWIND $rows AS row
MATCH (i:Incident {id: row.id})
DETACH DELETE i;
