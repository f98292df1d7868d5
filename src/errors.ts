/** Every error an operator can meet. docs/errors.md gives each code's fix; a test keeps the two in step. */
export const errorCodes = {
  CONFIG_INVALID: { kind: 'fatal' },
  TRANSPORT_UNAVAILABLE: { kind: 'transient' },
  TRANSPORT_REJECTED: { kind: 'poison' },
  GRAPH_UNAVAILABLE: { kind: 'transient' },
  GRAPH_STATEMENT_UNKNOWN: { kind: 'fatal' },
  GRAPH_REJECTED: { kind: 'poison' },
  EVENT_UNPARSABLE: { kind: 'poison' },
  EVENT_INVALID: { kind: 'poison' },
  EVENT_TOO_LARGE: { kind: 'poison' },
  EVENT_UNDELIVERABLE: { kind: 'poison' },
  RULE_INVALID: { kind: 'fatal' },
  RECORDING_UNREADABLE: { kind: 'fatal' },
} as const satisfies Record<string, { kind: ErrorKind }>;

/** transient: the same again may succeed; poison: this input never will; fatal: an operator has to change something. */
export type ErrorKind = 'transient' | 'poison' | 'fatal';
export type ErrorCode = keyof typeof errorCodes;

export class ThroughlineError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ThroughlineError';
    this.code = code;
    this.kind = errorCodes[code].kind;
  }
}
