// Events. One that grew (count, lastSeen) replaces what was there; one told again from before it grew does not.
// rows: {id, lastSeen, properties: {…}}
UNWIND $rows AS row
MERGE (e:Event {id: row.id})
WITH e, row
WHERE e.lastSeen IS NULL OR e.lastSeen <= row.lastSeen
SET e += row.properties;
