// Which entity each event happened to.
// rows: {id, entityId}
UNWIND $rows AS row
MATCH (e:Event {id: row.id})
MATCH (n:Entity {id: row.entityId})
MERGE (e)-[:ON]->(n);
