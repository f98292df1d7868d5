import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { ThroughlineError } from '../src/errors.js';
import type { CorrelationResult } from '../src/model/correlation-result.js';
import { entityId } from '../src/model/entity.js';
import type { Finding } from '../src/model/finding.js';
import { toEpochMs } from '../src/model/time.js';
import { decodeChecked, encode } from '../src/transport/codec.js';
import { deadLetter } from '../src/transport/dead-letter.js';
import { aheadProblem } from '../src/transport/raw-event-check.js';
import { resultSubject } from '../src/transport/subjects.js';
import type { OutgoingMessage, StoredMessage, Transport } from '../src/transport/transport.js';
import type { Correlator, CorrelatorOutput } from './correlator.js';
import { findingProblem } from './finding-check.js';
import type { HopItem, HopStep } from './hop.js';
import type { IncidentStore } from './store.js';

/** The second hop's work: Findings to incidents, first into the graph, then onto the results stream. */
export interface Decide {
  decode(message: StoredMessage, rebuilding: boolean): Promise<readonly HopItem<Finding>[]>;
  handle(steps: readonly HopStep<Finding>[], rebuilding: boolean): Promise<void>;
}

export interface DecideOptions {
  readonly transport: Pick<Transport, 'publish'>;
  readonly correlator: Correlator;
  readonly store: IncidentStore;
  readonly log: Logger;
  readonly registry: Registry;
  /** Aborted on stop: an endless retry against a store that is away ends, unacknowledged. */
  readonly signal: AbortSignal;
}

const firstRetryMs = 500;
const longestRetryMs = 15_000;

export function createDecide({ transport, correlator, store, log, registry, signal }: DecideOptions): Decide {
  const latency = new Histogram({
    name: 'throughline_correlation_seconds',
    help: 'Time from findings complete to results durable, per step; a rise delays every story.',
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  const published = new Counter({
    name: 'throughline_results_total',
    help: 'Revisions of incidents published; many for one incident mean that its evidence keeps changing.',
    labelNames: ['status'],
    registers: [registry],
  });
  const rejected = new Counter({
    name: 'throughline_findings_rejected_total',
    help: 'Findings and results sent to the dead stream, by error code; any rise means that somebody else writes on the unified stream, or a fault of this program.',
    labelNames: ['code'],
    registers: [registry],
  });
  const sizes = new Gauge({
    name: 'throughline_correlator_size',
    help: 'What the correlator holds in memory; entities that only rise mean that deletions are not seen.',
    labelNames: ['of'],
    registers: [registry],
    collect() {
      const { entities, relations, problems, openIncidents } = correlator.stats();
      this.set({ of: 'entities' }, entities);
      this.set({ of: 'relations' }, relations);
      this.set({ of: 'problems' }, problems);
      this.set({ of: 'open_incidents' }, openIncidents);
    },
  });
  void sizes;

  /** Transient: again until it works. Poison: reported with the results it held, and the rest goes on. */
  const persist = async (output: CorrelatorOutput): Promise<void> => {
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      try {
        await store.commit(output);
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof ThroughlineError && error.kind === 'poison') {
          log.error(
            { err: error, incidentIds: output.results.map(({ incidentId }) => incidentId) },
            'the graph refused these rows',
          );
          const body = encode(
            output.results.length > 0
              ? output.results
              : [{ events: output.events.length, entities: output.entities.length }],
          );
          rejected.inc({ code: error.code });
          await transport.publish([deadLetter('unified', { subject: 'unified', body, sequence: 0 }, error)]);
          return;
        }
        log.warn({ err: error, retryMs }, 'the graph is away; nothing is acknowledged until it is back');
        await delay(retryMs, undefined, { signal });
      }
    }
  };

  const resultMessage = (result: CorrelationResult): OutgoingMessage => {
    const subject = resultSubject(result.cluster, result.rootCauseEntity.namespace, result.incidentId);
    try {
      return { stream: 'results', subject, body: encode([result]), id: result.id };
    } catch (error) {
      if (!(error instanceof ThroughlineError)) throw error;
      rejected.inc({ code: error.code });
      log.error({ err: error, id: result.id }, 'a result is too large for the bus; it is in the graph alone');
      const body = Buffer.from(JSON.stringify(result));
      return deadLetter('results', { subject, body, sequence: 0 }, error);
    }
  };

  return {
    async decode(message, rebuilding) {
      const { events: findings, rejected: bad } = decodeChecked<Finding>(
        message.body,
        (value) => findingProblem(value) ?? aheadProblem({ timestamp: (value as Finding).at }, message.storedMs),
      );
      if (bad.length > 0 && !rebuilding) {
        await transport.publish(bad.map(({ error, body }) => deadLetter('unified', message, error, body)));
        for (const { error } of bad) {
          rejected.inc({ code: error.code });
          log.warn({ code: error.code, sequence: message.sequence, reason: error.message }, 'a finding was refused');
        }
      }
      return findings.map((finding): HopItem<Finding> => ({
        item: finding,
        atMs: toEpochMs(finding.at),
        key: keyOf(finding),
        clockOf: finding.kind === 'health' ? finding.source.source : null,
      }));
    },
    async handle(steps, rebuilding) {
      const end = latency.startTimer();
      for (const { items, watermarkMs } of steps) {
        correlator.take(items);
        correlator.advance(watermarkMs);
      }
      const output = correlator.drain();
      if (rebuilding) return;
      await persist(output);
      if (output.results.length > 0) await transport.publish(output.results.map(resultMessage));
      for (const { status, incidentId, revision, title } of output.results) {
        published.inc({ status });
        log.info({ incidentId, revision, status, title }, 'incident revised');
      }
      end();
    },
  };
}

/** Under which id a message of the results stream is published. */
export function resultId({ body }: Pick<StoredMessage, 'body'>): string {
  try {
    return (JSON.parse(Buffer.from(body).toString()) as CorrelationResult).id;
  } catch {
    // Nobody's but whoever put it there.
    return '';
  }
}

/** Order among equal times: states before events before clocks, then by what they are about. */
function keyOf(finding: Finding): string {
  switch (finding.kind) {
    case 'entity':
      return `1 ${finding.entity.id}`;
    case 'event':
      return `2 ${finding.event.id} ${finding.event.count}`;
    case 'call':
      return `2 ${finding.caller.id} ${finding.peer}`;
    case 'health':
      return `3 ${entityId(finding.source.cluster, 'Source', null, finding.source.source)}`;
  }
}
