// Takes away events.
// rows: {id}
UNWIND $rows AS row
MATCH (e:Event {id: row.id})
DETACH DELETE e;
