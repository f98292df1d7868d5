// The long texts of incidents, kept apart so that lists do not carry them.
MATCH (i:Incident)
WHERE i.id IN $ids
RETURN i.id AS id, i.contradictionsJson AS contradictionsJson, i.sourceHealthJson AS sourceHealthJson,
  i.timelineJson AS timelineJson, i.annotationsJson AS annotationsJson
ORDER BY id
