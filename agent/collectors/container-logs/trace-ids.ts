export interface TraceIds {
  readonly traceId: string | null;
  readonly spanId: string | null;
}

export const noTrace: TraceIds = { traceId: null, spanId: null };

/** `00-<32 hex>-<16 hex>-<flags>` (W3C Trace Context, section 3.2). */
const traceparentForm = /\b[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\b/i;
const traceIdInText = /\b(?:x-b3-)?trace[_.-]?id["']?\s*[=:]\s*["']?([0-9a-f]{32}|[0-9a-f]{16})\b/i;
const spanIdInText = /\b(?:x-b3-)?span[_.-]?id["']?\s*[=:]\s*["']?([0-9a-f]{16})\b/i;
/** Spring Cloud Sleuth and Micrometer: `[service,traceId,spanId]`, formerly with a fourth, exportable. */
const sleuthForm = /\[[\w .-]*,\s?([0-9a-f]{32}|[0-9a-f]{16}),\s?([0-9a-f]{16})(?:,\s?(?:true|false))?\]/;

/** Lower case, null when all zero (W3C: invalid) or not hex. B3's 64-bit form is padded on the left, as OpenTelemetry does. */
export function traceIdOf(value: unknown): string | null {
  if (typeof value !== 'string' || !/^(?:[0-9a-f]{32}|[0-9a-f]{16})$/i.test(value) || /^0+$/.test(value)) return null;
  return value.toLowerCase().padStart(32, '0');
}

export function spanIdOf(value: unknown): string | null {
  if (typeof value !== 'string' || !/^[0-9a-f]{16}$/i.test(value) || /^0+$/.test(value)) return null;
  return value.toLowerCase();
}

export function traceIdsOfTraceparent(value: unknown): TraceIds {
  const match = typeof value === 'string' ? traceparentForm.exec(value) : null;
  return match ? together(traceIdOf(match[1]), spanIdOf(match[2])) : noTrace;
}

export function traceIdsOfText(line: string): TraceIds {
  const traceparent = traceIdsOfTraceparent(line);
  if (traceparent.traceId !== null) return traceparent;
  const named = traceIdOf(traceIdInText.exec(line)?.[1]);
  if (named !== null) return together(named, spanIdOf(spanIdInText.exec(line)?.[1]));
  const sleuth = sleuthForm.exec(line);
  return sleuth ? together(traceIdOf(sleuth[1]), spanIdOf(sleuth[2])) : noTrace;
}

/** A span id without its trace says nothing. */
export function together(traceId: string | null, spanId: string | null): TraceIds {
  return traceId === null ? noTrace : { traceId, spanId };
}
