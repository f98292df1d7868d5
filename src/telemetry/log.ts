import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import { ThroughlineError } from '../errors.js';

export interface LogOptions {
  /** pino's level names, or `silent`. */
  readonly level: string;
  /** Which role speaks; on every line. */
  readonly role: string;
  /** Where lines go; absent: standard error, because standard output belongs to stories and to `--json`. */
  readonly write?: (line: string) => void;
}

/** JSON lines with RFC 3339 times and level names. Errors carry their code and kind, whatever is named like a secret is left out. */
export function createLog(options: LogOptions): Logger {
  const stream = options.write === undefined ? destination({ dest: 2, sync: true }) : { write: options.write };
  return pino(
    {
      level: options.level,
      base: { role: options.role },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      redact: {
        paths: ['password', 'token', 'authorization', '*.password', '*.token', '*.authorization'],
        censor: '[secret]',
      },
    },
    stream,
  );
}

/** What ties a line to a story. Names as on the wire, so that one search finds lines, events and incidents. */
export interface CorrelationIds {
  readonly incidentId?: string;
  readonly traceId?: string | null;
  readonly eventId?: string;
}

/** A logger whose every line carries the ids that are known; null and absent ones are left out, never written as text. */
export function correlated(log: Logger, ids: CorrelationIds): Logger {
  return log.child(Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== null && id !== undefined)));
}

function describeError(error: unknown): Record<string, unknown> {
  const described = pino.stdSerializers.err(error as Error) as unknown as Record<string, unknown>;
  if (!(error instanceof ThroughlineError)) return described;
  return { ...described, code: error.code, kind: error.kind };
}
