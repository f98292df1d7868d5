import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Finding } from '../../src/model/finding.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { createAlertReader } from './alerts.js';
import { createChangeMarkerReader } from './change-markers.js';
import { createContext } from './context.js';
import { createFlowReader } from './flows.js';
import { readHealth } from './health.js';
import { createJournalReader, type JournalUpdate } from './journal.js';
import { createKernelReader, type PendingVictim } from './kernel.js';
import { createKubernetesReader, type Recheck } from './kubernetes/kubernetes.js';
import { createLogReader, type BurstUpdate } from './log.js';
import { createMeasuredLimitsReader } from './measured-limits.js';
import { createMetricsReader } from './metrics.js';
import { createPeriodicLoad } from './periodic-load.js';
import { createProbeReader, type ProbeUpdate } from './probes.js';
import { createRetryStormReader } from './retry-storms.js';
import { createSchedule } from './schedule.js';
import { createSpanReader, type SpanUpdate } from './spans.js';
import { createTelemetryPlaces } from './telemetry.js';

/**
 * RawEvent → Findings: what an observation means, in the one vocabulary of categories.ts. Deterministic in event time: the same
 * events in the same order give the same findings, however often and whenever {@link Transform.tick} is called in between.
 */
export interface Transform {
  /** Events come sorted by (timestamp, id). What had fallen due before the event's time comes out ahead of it. */
  transform(event: RawEvent): Finding[];
  /** Nothing earlier than `watermarkMs` (epoch ms) will come: what falls due by then. */
  tick(watermarkMs: number): Finding[];
}

export interface TransformOptions {
  readonly cluster: string;
  readonly log: Logger;
  readonly registry: Registry;
}

type Task = Recheck | PendingVictim | BurstUpdate | JournalUpdate | ProbeUpdate | SpanUpdate;

export function createTransform({ cluster, log, registry }: TransformOptions): Transform {
  const context = createContext(cluster);
  const schedule = createSchedule<Task>();
  const kubernetes = createKubernetesReader(context, schedule);
  const kernel = createKernelReader(context, schedule);
  const places = createTelemetryPlaces(context);
  const logs = createLogReader(context, places, schedule);
  const journal = createJournalReader(context, schedule);
  const probes = createProbeReader(context, schedule);
  const spans = createSpanReader(places, schedule);
  const metrics = createMetricsReader(places, spans.sees);
  const limits = createMeasuredLimitsReader(context, places);
  const flows = createFlowReader(places);
  const markers = createChangeMarkerReader(context);
  const retries = createRetryStormReader(places);
  const periodic = createPeriodicLoad();
  const alerts = createAlertReader(places);

  const findings = new Counter({
    name: 'throughline_findings_total',
    help: 'Findings that the transform stage made of raw events; a jump means that something in the cluster changed or broke.',
    labelNames: ['kind'],
    registers: [registry],
  });
  const byKind = {
    event: findings.labels('event'),
    call: findings.labels('call'),
    entity: findings.labels('entity'),
    health: findings.labels('health'),
  };
  const unknown = new Counter({
    name: 'throughline_raw_events_unknown_total',
    help: 'Raw events of a type or kind that this version does not read; rises when agents are newer than ingest.',
    labelNames: ['type'],
    registers: [registry],
  });
  new Gauge({
    name: 'throughline_transform_pods',
    help: 'Pods that the transform stage remembers.',
    registers: [registry],
    collect() {
      this.set(context.podsByUid.size);
    },
  });
  const reported = new Set<string>();

  function read(event: RawEvent): Finding[] {
    if (event.data.kind === 'source-health') return [readHealth(event, cluster)];
    switch (event.type) {
      case 'log':
        return logs.read(event, event.spanId !== null && event.data.kind === 'line' && spans.logged(event));
      case 'kubeapi':
        return event.data.kind === 'change-marker' ? markers.read(event) : kubernetes.read(event);
      case 'ebpf':
        return kernel.read(event);
      case 'systemd':
        return journal.read(event);
      case 'otlp':
        if (event.data.kind === 'metrics') return [...metrics.read(event), ...limits.read(event)];
        if (event.data.kind === 'span') return spans.read(event);
        return unread(event);
      case 'network':
        if (event.data.kind === 'probe') return probes.read(event);
        if (event.data.kind === 'flow') return [...flows.read(event), ...retries.read(event)];
        return unread(event);
      case 'alert':
        return event.data.kind === 'alert' ? alerts.read(event) : unread(event);
      default:
        return unread(event);
    }
  }

  function unread(event: RawEvent): Finding[] {
    unknown.inc({ type: event.type });
    if (!reported.has(event.type))
      log.warn({ type: event.type, kind: event.data.kind }, 'raw events of this type are not read');
    reported.add(event.type);
    return [];
  }

  function run(task: Task, at: string): Finding[] {
    switch (task.of) {
      case 'object':
        return kubernetes.recheck(task.event, at);
      case 'victim':
      case 'child':
        return kernel.settle(task, at);
      case 'burst':
        return logs.update(task.key, at);
      case 'journal':
        return journal.update(task.key, at);
      case 'probe':
        return probes.update(task.key, at);
      case 'spans':
        return spans.update(at);
    }
  }

  function advance(untilMs: number): Finding[] {
    const found: Finding[] = [];
    for (let due = schedule.next(untilMs); due !== null; due = schedule.next(untilMs)) {
      for (const finding of run(due.task, fromEpochMs(due.dueMs))) found.push(finding);
    }
    return found;
  }

  function counted(found: Finding[]): Finding[] {
    for (const more of periodic.note(found)) found.push(more);
    for (const finding of found) byKind[finding.kind].inc();
    return found;
  }

  return {
    transform(event) {
      const due = schedule.size > 0 ? advance(toEpochMs(event.timestamp)) : [];
      const found = read(event);
      return counted(due.length > 0 ? [...due, ...found] : found);
    },
    tick: (watermarkMs) => counted(advance(watermarkMs)),
  };
}
