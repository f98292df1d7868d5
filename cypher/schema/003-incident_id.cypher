// An incident is one node; its revisions replace each other.
CREATE CONSTRAINT incident_id IF NOT EXISTS
FOR (n:Incident) REQUIRE n.id IS UNIQUE;
