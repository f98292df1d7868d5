// Incidents by the time they began: the default order of lists.
CREATE INDEX incident_opened IF NOT EXISTS
FOR (n:Incident) ON (n.openedAt);
