import type { LogLine } from '../../../src/model/payloads.js';
import type { LogStream } from './cri.js';
import { levelOfNumber, levelOfSeverityNumber, levelOfText, levelOfWord, type Level } from './level.js';
import { spanIdOf, together, traceIdOf, traceIdsOfText, traceIdsOfTraceparent, type TraceIds } from './trace-ids.js';

export interface ParsedLine extends TraceIds {
  readonly data: LogLine;
}

type Scalar = string | number | boolean;
type Fields = Map<string, Scalar>;

const maxMessageChars = 16 * 1024;
const maxAttributes = 48;
const maxAttributeChars = 2_048;
const maxDepth = 3;

/** ECMA-48 control sequences: ESC [ parameters letter. */
const colourCodes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]`, 'g');

const levelKeys = [
  'level',
  'severity',
  'lvl',
  'log.level',
  'loglevel',
  'levelname',
  'level_name',
  'severitytext',
  'severity_text',
  '@level',
];
const messageKeys = ['msg', 'message', '@message', '@m', 'body', 'short_message', 'log', 'event', 'text'];
const traceKeys = ['trace_id', 'traceid', 'trace.id', 'oteltraceid', 'x-b3-traceid', 'logging.googleapis.com/trace'];
const spanKeys = ['span_id', 'spanid', 'span.id', 'otelspanid', 'x-b3-spanid', 'logging.googleapis.com/spanid'];
const timeKeys = ['time', 'timestamp', '@timestamp', 'ts', '@t', 'datetime'];

/** What one line of a container says. `text` is the whole line without the CRI prefix. Never fails: what is not understood is the message. */
export function parseLogText(text: string, stream: LogStream): ParsedLine {
  const line = text.includes('\u001b') ? text.replace(colourCodes, '') : text;
  const fields = line.startsWith('{') && line.trimEnd().endsWith('}') ? jsonFields(line) : null;
  if (fields) return parseFields(fields, line, stream);
  const message = clip(line.trimEnd(), maxMessageChars);
  return { ...traceIdsOfText(line), data: { kind: 'line', stream, message, level: levelOfText(line), attributes: {} } };
}

function parseFields(fields: Fields, line: string, stream: LogStream): ParsedLine {
  const keys = new Map([...fields.keys()].map((key) => [key.toLowerCase(), key] as const));
  const take = (wanted: readonly string[], accept: (value: Scalar) => boolean): Scalar | null => {
    for (const name of wanted) {
      const key = keys.get(name);
      const value = key === undefined ? undefined : fields.get(key);
      if (key === undefined || value === undefined || !accept(value)) continue;
      fields.delete(key);
      return value;
    }
    return null;
  };
  const message = take(messageKeys, (value) => typeof value === 'string' && value !== '');
  const level = levelOf(take(levelKeys, (value) => levelOf(value) !== null));
  const severityNumber = take(['severitynumber', 'severity_number'], (value) => typeof value === 'number');
  const traceparent = traceIdsOfTraceparent(take(['traceparent'], (value) => typeof value === 'string'));
  const isTraceId = (value: Scalar): boolean => traceIdOf(lastSegment(value)) !== null;
  const traceId = traceIdOf(lastSegment(take(traceKeys, isTraceId)));
  const spanId = spanIdOf(take(spanKeys, (value) => spanIdOf(value) !== null));
  take(timeKeys, (value) => typeof value !== 'boolean');

  const attributes: Record<string, Scalar> = {};
  for (const [key, value] of [...fields].slice(0, maxAttributes)) {
    attributes[key] = typeof value === 'string' ? clip(value, maxAttributeChars) : value;
  }
  const messageText = message === null ? line : String(message).replace(colourCodes, '');
  const numbered = typeof severityNumber === 'number' ? levelOfSeverityNumber(severityNumber) : null;
  return {
    ...(traceId === null
      ? traceparent
      : together(traceId, spanId ?? (traceparent.traceId === traceId ? traceparent.spanId : null))),
    data: {
      kind: 'line',
      stream,
      message: clip(messageText.trimEnd(), maxMessageChars),
      level: level ?? numbered ?? levelOfText(messageText),
      attributes,
    },
  };
}

/** Scalars by dotted path (`error.code`), null when the text is no JSON object. Lists are left out: they have no name to go by. */
function jsonFields(line: string): Fields | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  const fields: Fields = new Map();
  const walk = (value: object, prefix: string, depth: number): void => {
    for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
      const path = prefix + key;
      if (typeof inner === 'string' || typeof inner === 'boolean') fields.set(path, inner);
      else if (typeof inner === 'number') fields.set(path, inner);
      else if (typeof inner === 'object' && inner !== null && !Array.isArray(inner) && depth < maxDepth) {
        walk(inner, `${path}.`, depth + 1);
      }
    }
  };
  walk(parsed, '', 1);
  return fields;
}

function levelOf(value: Scalar | null): Level | null {
  if (typeof value === 'string')
    return levelOfWord(value) ?? (/^\d+$/.test(value) ? levelOfNumber(Number(value)) : null);
  return typeof value === 'number' ? levelOfNumber(value) : null;
}

/** Google Cloud writes `projects/<project>/traces/<id>`. */
function lastSegment(value: Scalar | null): string | null {
  return typeof value === 'string' ? value.slice(value.lastIndexOf('/') + 1) : null;
}

/** Never ends within a surrogate pair, which would not survive UTF-8. */
function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars);
}
