// Events of one namespace.
CREATE INDEX event_namespace IF NOT EXISTS
FOR (n:Event) ON (n.namespace);
