// Events. One that grew (count, lastSeen) replaces what was there; one told again from before it grew does not.
// rows: {id, lastSeen, properties: {…}}
UNWIND $rows AS row
MERGE (e:Event {id: row.id})
  ON CREATE SET e += row.properties
  ON MATCH SET e += CASE WHEN e.lastSeen <= row.lastSeen THEN row.properties ELSE {} END;
