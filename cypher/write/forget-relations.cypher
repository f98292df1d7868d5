// Takes away topology. One statement for each relation type of src/model/entity.ts.
// rows: {id, from}
UNWIND $rows AS row
MATCH (:Entity {id: row.from})-[r:RELATION {id: row.id}]->(:Entity)
DELETE r;
