import type { EventFinding, Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { LogLine } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { toEpochMs } from '../../src/model/time.js';
import type { K8sContext } from '../../src/model/unified-event.js';
import { createDrain, type Drain } from '../detect/drain.js';
import { readLogMeaning, type LogMeaning } from '../detect/log-meaning.js';
import { createLogRates, type LogBurst } from '../detect/log-rates.js';
import { createRepeatedMessages } from '../detect/repeated-messages.js';
import { locate, type ContainerMemory, type TransformContext } from './context.js';
import { eventFrom, type Draft } from './draft.js';
import type { Scheduler } from './schedule.js';
import { subjectOf } from './subject.js';
import type { TelemetryPlaces } from './telemetry.js';
import { clause } from './wording.js';

export type BurstUpdate = { readonly of: 'burst'; readonly key: string };

export interface LogReader {
  /** `judged`: the line is a step of an operation whose runs are judged as a whole; an error without further meaning is left to that. */
  read(event: RawEvent, judged?: boolean): Finding[];
  update(key: string, at: string): EventFinding[];
}

interface About {
  readonly draft: Draft;
  readonly id: string;
}

const quiet = new Set(['trace', 'debug', 'info', 'notice']);
const none: EventFinding[] = [];

/** Error lines of containers as bursts. Lines that are no complaint cost a look at their level and nothing else. */
export function createLogReader(
  context: TransformContext,
  places: TelemetryPlaces,
  schedule: Scheduler<BurstUpdate>,
): LogReader {
  // One miner for all: the template is part of a burst's key together with the container, ids stay comparable over replicas.
  const drain: Drain = createDrain();
  const repeated = createRepeatedMessages();
  const rates = createLogRates<About>({
    schedule: (key, dueMs) => schedule.set(`burst ${key}`, dueMs, { of: 'burst', key }),
  });

  function read(event: RawEvent, judged = false): Finding[] {
    const line = event.data as unknown as LogLine;
    if (line.level !== null && quiet.has(line.level)) return none;
    const stderr = line.stream === 'stderr';
    const said = readLogMeaning(line.message, line.level, line.attributes);
    if (!said && !stderr) return none;
    const place = locate(context, event.metadata);
    const meaning = said?.category === 'app.poison-message' ? unlessRepeated(said, place.k8s) : said;
    const memory = place.k8s.container !== null ? place.pod?.containers.get(place.k8s.container) : undefined;
    if (memory && line.message !== '') remember(memory, line.message, event.timestamp, said);
    // How large a part of its requests fails so, and whether that is new, tells more than that one does.
    if (judged && meaning !== null && /^log\.(error|exception)$/.test(meaning.category)) return none;
    // On its way out a process loses its connections; nobody is to be alarmed by that.
    if (!meaning || !meaning.certain || place.pod?.terminating) return none;
    // The template tells lines apart that have no meaning of their own; for the rest it is only wanted once for each burst.
    const template = meaning.same === null ? drain.add(line.message) : null;
    const what = meaning.same ?? `${meaning.category} ${template!.id}`;
    const burst = rates.seen(`${place.entity.id} ${place.k8s.podUid ?? ''} ${what}`, event.timestamp, () => {
      const text = (template ?? drain.add(line.message)).tokens.join(' ').slice(0, 512);
      const who =
        place.k8s.container === null
          ? place.entity.name
          : `Container ${place.k8s.container} of pod ${place.k8s.pod ?? '?'}`;
      const attributes = { ...meaning.attributes, level: line.level, line: clause(line.message, 500) };
      const subject = subjectOf(meaning.category, attributes, place, place.pod, context);
      return {
        id: contentId(place.entity.id, place.k8s.podUid, what, event.timestamp),
        draft: {
          category: meaning.category,
          entity: subject.entity,
          discriminator: meaning.same ?? text,
          context: place.k8s,
          message: sentence(who, meaning, line.message),
          template: text,
          attributes: { ...attributes, victim: subject.victim },
          trace: event.traceId === null ? null : { traceId: event.traceId, spanId: event.spanId },
        },
      };
    });
    return burst ? [...places.of(event.metadata, event.timestamp).introduced, finding(burst, event.timestamp)] : none;
  }

  /** A message that fails once more is an error like others; the same one each time is at fault itself. */
  function unlessRepeated(meaning: LogMeaning, { namespace, workload, pod }: K8sContext): LogMeaning {
    const reader = `${namespace ?? ''}/${workload ?? pod ?? ''}`;
    return repeated.again(reader, String(meaning.attributes.messageId))
      ? meaning
      : { ...meaning, category: 'log.error', same: null };
  }

  function update(key: string, at: string): EventFinding[] {
    const burst = rates.due(key, at);
    return burst ? [finding(burst, at)] : none;
  }

  function finding({ about, count, firstSeen, lastSeen }: LogBurst<About>, at: string): EventFinding {
    return { kind: 'event', at, event: eventFrom({ ...about.draft, count, lastSeen }, 'log', firstSeen, about.id) };
  }

  return { read, update };
}

/** Frames of a stack trace come within this after the line that says what happened. */
const traceMs = 1_000;

function remember(memory: ContainerMemory, text: string, at: string, meaning: LogMeaning | null): void {
  const grave = meaning !== null && meaning.category !== 'log.error';
  const before = memory.lastWords;
  if (before?.grave && !grave && toEpochMs(at) - toEpochMs(before.at) < traceMs) return;
  memory.lastWords = { text, at, grave };
}

/** What the line says, as a sentence about who says it. */
function sentence(who: string, { category, attributes }: LogMeaning, line: string): string {
  const { peer, status, name, path, setting, verb, resource, port } = attributes;
  const to = peer === undefined ? 'a peer' : String(peer);
  const said = `: ${clause(line, 200)}.`;
  switch (category) {
    case 'call.refused':
      return `${who} is refused by ${to}${said}`;
    case 'call.timeout':
      return `${who} gets no answer from ${to} in time${said}`;
    case 'call.reset':
      return `${who} loses its connection to ${to}${said}`;
    case 'call.unreachable':
      return `${who} cannot reach ${to}${said}`;
    case 'call.failed':
      return `${who} gets ${status === undefined ? 'an error' : `status ${status}`} from ${to}${said}`;
    case 'call.unauthorized':
      return `${who} is turned away by ${to}${status === undefined ? '' : ` (status ${status})`}${said}`;
    case 'dns.failed':
      return `${who} cannot resolve ${name === undefined ? 'a name' : `the name ${name}`}${said}`;
    case 'tls.certificate-expired':
      return `${who} finds the certificate of ${to} expired${said}`;
    case 'tls.certificate-not-yet-valid':
      return `${who} finds the certificate of ${to} not yet valid${said}`;
    case 'tls.verification-failed':
      return `${who} does not trust the certificate of ${to}${said}`;
    case 'rbac.forbidden':
      return `${who} may not ${verb ?? 'use'} ${resource ?? 'a resource'} on the API server${said}`;
    case 'config.object-missing':
      return `${who} asks the API server for ${String(attributes.missing)}, which does not exist${said}`;
    case 'config.setting-missing':
      return `${who} lacks ${setting === undefined ? 'a setting' : `the setting ${setting}`}${said}`;
    case 'app.port-in-use':
      return `${who} cannot listen${port === undefined ? '' : ` on port ${port}`}, the port is taken${said}`;
    case 'app.data-corrupt':
      return `${who} cannot read its data${path === undefined ? '' : ` in ${path}`}${said}`;
    case 'volume.full':
      return `${who} has no space left${path === undefined ? '' : ` at ${path}`}${said}`;
    case 'volume.read-only':
      return `${who} finds the file system read-only${path === undefined ? '' : ` at ${path}`}${said}`;
    case 'volume.permission-denied':
      return `${who} may not use ${path === undefined ? 'a file' : String(path)}${said}`;
    default:
      return `${who} logs ${category === 'log.fatal' ? 'a fatal error' : category === 'log.exception' ? 'an exception' : 'an error'}${said}`;
  }
}
