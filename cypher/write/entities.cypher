// Entities as their source says them now; a property that is null goes away.
// rows: {id, properties: {cluster, kind, namespace, name, uid, createdAt, deletedAt, labelsJson, factsJson}}
// One statement for each label of src/graph/families.ts.
UNWIND $rows AS row
MERGE (n:Entity {id: row.id})
SET n += row.properties, n:Kind;
