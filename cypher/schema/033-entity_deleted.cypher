// Entities that are gone, for retention.
CREATE INDEX entity_deleted IF NOT EXISTS
FOR (n:Entity) ON (n.deletedAt);
