// Topology: opens a relation, or closes it when validTo is given. What was closed stays closed when its opening is told again.
// rows: {id, from, to, validFrom, validTo}; id is the content of type, from, to and validFrom
// One statement for each relation type of src/model/entity.ts.
UNWIND $rows AS row
MATCH (from:Entity {id: row.from})
MATCH (to:Entity {id: row.to})
MERGE (from)-[r:RELATION {id: row.id}]->(to)
SET r.validFrom = row.validFrom, r.validTo = coalesce(row.validTo, r.validTo);
