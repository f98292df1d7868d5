// What the events of incidents say, without what varies.
MATCH (i:Incident)<-[:PART_OF]-(e:Event)
WHERE i.id IN $ids AND e.template IS NOT NULL
RETURN i.id AS incidentId, collect(DISTINCT e.template) AS templates
ORDER BY incidentId
