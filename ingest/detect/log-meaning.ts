import type { Category } from '../../src/model/categories.js';
import { errorTexts, type Attributes, type ErrorText } from './error-texts.js';
import { isAddress, peersIn } from '../transform/peers.js';

export interface LogMeaning {
  readonly category: Category;
  /** Names and numbers of the text: peer, peerHost, peerAddress, status, error, name, path, setting … */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Equal for lines that report the same, whatever request they were about; null: told apart by their template. */
  readonly same: string | null;
  /** True when the text itself leaves no doubt that something failed, whatever level it was logged at. */
  readonly certain: boolean;
}

const statusPattern =
  /(?:upstream|status(?:[ _-]?code)?|HTTP(?:\/\d(?:\.\d)?)?|returned|respond(?:ed|s)?(?: with)?|answered|response|got|received|failed with|error|code|failed:)[ :="'(]{1,3}([1-5]\d\d)\b/i;
/** A server's own line about what it answered: `GET /items -> 500: …`. */
const answerPattern = /(?:->|=>|→) ?([1-5]\d\d)\b/;
const grpcPattern =
  /\b(UNAVAILABLE|UNAUTHENTICATED|PERMISSION_DENIED|RESOURCE_EXHAUSTED|INTERNAL|UNIMPLEMENTED|code = (Unavailable|Unauthenticated|PermissionDenied|ResourceExhausted|Internal|Unimplemented))\b/;
const exceptionPattern =
  /\b((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception)|panicked at|Traceback \(most recent call last\)|NullPointerException|nil pointer dereference|index out of range|unhandled (?:promise )?rejection|Uncaught)\b/;
const fatalPattern =
  /^(?:panic: |fatal error: |FATAL\b|fatal:|F\d{4} |Unhandled exception|thread '[^']*' panicked)|Assertion .*failed|terminate called after/;
const errorWord =
  /^\W{0,3}(?:\S+ ){0,4}?\[?(?:ERROR|ERR|CRITICAL|CRIT|SEVERE|ALERT|EMERG|E\d{4})\b|^(?:Error|error|ERROR): |\[(?:error|crit|alert|emerg)\] |\blevel="?(?:error|fatal|panic)\b/;
/** Cheap first look at lines without a level: nothing of what the table knows can be in a line that fails it. */
const suspicious =
  /err|exception|fail|fatal|panic|refused|tim(?:ed?|e) ?out|denied|cannot|can't|could ?n.t|could not|unable|traceback|corrupt|unreachable|expired|reset|broken pipe|no space|read-only|too many|not found|unknown|no matches|stale|NOSPACE|exceeded|took too long|deadlock|E[A-Z]{4,}|certificate|missing|required|must|Assertion|OOM|NOAUTH|denied|conflict|waiting for|Loop|switch-master|promoted|failover|idle/i;

/**
 * What a line says is wrong; null when it says nothing of the kind. `level` is the line's own, null when it has none: then only a
 * text that leaves no doubt counts.
 */
export function readLogMeaning(
  message: string,
  level: string | null,
  fields: Readonly<Record<string, string | number | boolean>>,
): LogMeaning | null {
  if (level === null && !suspicious.test(message)) return null;
  const text = message.length > 2048 ? message.slice(0, 2048) : message;
  // A server that turns its caller away (4xx) works as it should, and says the same words as the caller that was turned away.
  const answer = answerPattern.exec(text);
  if (answer?.[1]!.startsWith('4') && peersIn(text).length === 0) return null;
  const code = fieldText(fields);
  const row = match(text) ?? (code === '' ? null : match(code));
  if (row) return row;
  const peer = peerOf(text, true);
  const answered = statusOf(text, fields, peer !== null);
  const exception = exceptionPattern.exec(text);
  if (peer !== null && answered !== null && answered >= 400) {
    const refused = answered === 401 || answered === 403;
    return meaning(refused ? 'call.unauthorized' : 'call.failed', { ...peer, status: answered }, true);
  }
  const grpc = grpcPattern.exec(text);
  if (grpc && peer !== null) {
    const status = grpc[2] ?? grpc[1]!;
    return meaning(
      /UNAUTH|PERMISSION|Unauth|Permission/.test(status) ? 'call.unauthorized' : 'call.failed',
      { ...peer, grpcStatus: status },
      true,
    );
  }
  if (level === 'fatal' || fatalPattern.test(text))
    return {
      category: 'log.fatal',
      attributes: exception ? { exception: exception[1]! } : {},
      same: null,
      certain: true,
    };
  if (exception && (level === 'error' || level === null)) {
    const attributes: Attributes = { exception: exception[1]! };
    const own = answerPattern.exec(text);
    if (own) attributes.status = Number(own[1]);
    return {
      category: 'log.exception',
      attributes,
      same: null,
      certain: level === 'error' || /^(?:Uncaught|Unhandled|Traceback|\S*(?:Error|Exception))\b/.test(text),
    };
  }
  if (level === 'error' || (level === null && errorWord.test(text))) {
    const own = answerPattern.exec(text);
    const attributes: Attributes = own ? { status: Number(own[1]) } : {};
    return { category: 'log.error', attributes, same: null, certain: true };
  }
  return null;
}

/**
 * Which row a text of this shape (digits aside) falls under, null for none: a flood of one error costs one pattern for each line
 * instead of forty. No pattern of the table hangs on a number's value.
 */
const rowOfShape = new Map<string, ErrorText | null>();
const maxShapes = 4_096;

function rowFor(text: string): ErrorText | null {
  const shape = text.replace(/\d+/g, '0');
  const known = rowOfShape.get(shape);
  if (known !== undefined) return known;
  const row = errorTexts.find(({ pattern }) => pattern.test(text)) ?? null;
  if (rowOfShape.size >= maxShapes) rowOfShape.clear();
  rowOfShape.set(shape, row);
  return row;
}

function match(text: string): LogMeaning | null {
  const row = rowFor(text);
  if (row !== null) {
    const { pattern, category, error, call, extract } = row;
    const found = pattern.exec(text);
    if (!found) return null;
    const attributes: Attributes = {};
    if (error !== undefined) attributes.error = error;
    extract?.(found, attributes, text);
    if (call) Object.assign(attributes, peerOf(text, false));
    const status = call ? statusPattern.exec(text) : null;
    if (status && attributes.peer !== undefined) attributes.status = Number(status[1]);
    if (category === 'dns.failed') {
      attributes.name ??= attributes.peerHost ?? '';
      if (attributes.name === '') delete attributes.name;
    }
    return meaning(category, attributes, true);
  }
  return null;
}

function meaning(category: Category, attributes: Attributes, certain: boolean): LogMeaning {
  const { peer, status, name, path: file, setting, resource, verb, error, grpcStatus } = attributes;
  // 502 and 504 of one peer are one story.
  const answer = typeof status === 'number' && status >= 500 ? '5xx' : status;
  const same = [category, peer, answer, name, file, setting, verb, resource, error, grpcStatus]
    .map((part) => part ?? '')
    .join(' ');
  return { category, attributes, same, certain };
}

/** Codes that a JSON line carries beside its message: `error`, `err.code`, `code`, `exception`. */
function fieldText(fields: Readonly<Record<string, string | number | boolean>>): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    if (
      typeof value === 'string' &&
      /^(?:err(?:or)?(?:[._](?:message|code|type|name|kind))?|code|exception(?:[._](?:message|type))?|cause|reason)$/i.test(
        name,
      )
    )
      text += ` ${value}`;
  }
  return text.slice(0, 1024);
}

function statusOf(
  text: string,
  fields: Readonly<Record<string, string | number | boolean>>,
  hasPeer: boolean,
): number | null {
  const found =
    statusPattern.exec(text) ?? (hasPeer ? /(?:failed|->|error)[^\d]{0,12}\b([45]\d\d)\b/i.exec(text) : null);
  if (found) return Number(found[1]);
  const field =
    fields.status ?? fields.status_code ?? fields.statusCode ?? fields['http.response.status_code'] ?? fields.error;
  return hasPeer && typeof field === 'number' && field >= 400 && field < 600 ? field : null;
}

function peerOf(text: string, named: boolean): Attributes | null {
  const attributes: Attributes = {};
  const spelled =
    /Failed to connect to ([\w.-]+) port (\d+)/.exec(text) ??
    /host='([\w.-]+)', port=(\d+)/.exec(text) ??
    /host "([\w.-]+)"(?: \([^)]*\))?(?: and accepting [^?]*?on|,?) port (\d+)/.exec(text) ??
    /upstream: "\w+:\/\/([\w.-]+):(\d+)/.exec(text);
  const peers = spelled
    ? [{ peer: `${spelled[1]!}:${spelled[2]!}`, host: spelled[1]!, port: Number(spelled[2]) }]
    : peersIn(text);
  const byName = peers.find(({ host }) => !isAddress(host));
  const byAddress = peers.find(({ host }) => isAddress(host));
  const best = byName ?? byAddress;
  if (!best) return named ? null : attributes;
  attributes.peer = best.peer;
  attributes.peerHost = best.host;
  if (best.port !== null) attributes.peerPort = best.port;
  if (byAddress) attributes.peerAddress = byAddress.peer;
  return attributes;
}
