// Entities that an event, a relation or a story mentions; one that is there already is left as it is.
// rows: {id, properties: {cluster, kind, namespace, name, uid}}
// One statement for each label of src/graph/families.ts.
UNWIND $rows AS row
MERGE (n:Entity {id: row.id})
  ON CREATE SET n += row.properties, n:Kind;
