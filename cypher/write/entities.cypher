// Entities as their source says them now; a property that is null goes away.
// rows: {id, properties: {cluster, kind, namespace, name, uid, createdAt, deletedAt, labelsJson, factsJson}}
// One statement for each label of src/graph/families.ts; the id holds the kind, so that the label never changes.
UNWIND $rows AS row
MERGE (n:Entity {id: row.id})
  ON CREATE SET n:Kind
SET n += row.properties;
