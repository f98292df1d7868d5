// Incidents by their last change.
CREATE INDEX incident_updated IF NOT EXISTS
FOR (n:Incident) ON (n.updatedAt);
