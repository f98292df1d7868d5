import type { ServedObject } from './trim.js';

/**
 * An Event as events.k8s.io/v1 serves it, in the form core/v1 gives the same object (kubernetes pkg/apis/events/v1/conversion.go),
 * so that readers know one form only.
 */
export function coreEvent(object: ServedObject): ServedObject {
  const {
    note,
    regarding,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    reportingController,
    ...same
  } = object;
  const renamed = {
    message: note,
    involvedObject: regarding,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    reportingComponent: reportingController,
  };
  const present = Object.fromEntries(Object.entries(renamed).filter(([, value]) => value !== undefined));
  return { ...same, ...present, apiVersion: 'v1' };
}
