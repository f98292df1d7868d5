import { readFileSync } from 'node:fs';
import { rawEventId } from '../../../src/model/ids.js';
import type { LogLine, MetricsRecord, SpanRecord } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { fromEpochMs, fromEpochNanos } from '../../../src/model/time.js';

/** The files of the set as RawEvents. `shiftMs` is added to every time; `source` is the case's. */
export interface Reading {
  readonly source: string;
  readonly shiftMs: number;
}

const namespace = 'ts';
const noNanos = 1_000_000n;

type Event = Omit<RawEvent, 'id' | 'schemaVersion'>;

function raw(event: Event): RawEvent {
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

/** A pod's resource: Kubernetes names a Deployment's pod `<deployment>-<template hash>-<suffix>`. */
function resource(pod: string, { source }: Reading, node: string | null): RawEvent['metadata'] {
  const workload = pod.split('-').slice(0, -2).join('-');
  return {
    cluster: 'nezha',
    source,
    namespace,
    pod,
    workload,
    workloadKind: 'Deployment',
    service: workload,
    ...(node !== null && { node }),
  };
}

function moment(nanos: string, { shiftMs }: Reading): string {
  return fromEpochNanos(BigInt(nanos) + BigInt(Math.round(shiftMs)) * noNanos);
}

function rows(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(1).filter(Boolean);
}

/** TraceID, SpanID, ParentID, PodName, OperationName, StartTimeUnixNano, EndTimeUnixNano, Duration (µs). An exporter sends a span when it has ended. */
export function readSpans(file: string, reading: Reading): RawEvent[] {
  return rows(file).map((row) => {
    const fields = row.split(',');
    const [traceId, spanId, parent, pod] = fields as [string, string, string, string];
    const [start, end, micros] = fields.slice(-3) as [string, string, string];
    const data: SpanRecord = {
      kind: 'span',
      parentSpanId: parent === 'root' ? null : parent,
      name: fields.slice(4, -3).join(','),
      spanKind: null,
      startedAt: moment(start, reading),
      durationMs: Number(micros) / 1000,
      status: 'unset',
      attributes: {},
    };
    return raw({
      type: 'otlp',
      traceId,
      spanId,
      timestamp: moment(end, reading),
      data: { ...data },
      metadata: resource(pod, reading, null),
    });
  });
}

/** `16:42:22.382 INFO  t.s.TravelServiceImpl#532 TraceID: … SpanID: … text`. */
const linePattern = /^\S+ +([A-Z]+) +(\S+)#(\d+) +TraceID: \w* SpanID: \w* *([\s\S]*)$/;

/**
 * Timestamp, TimeUnixNano, Node, PodName, Container, TraceID, SpanID, Log: Docker's JSON, quoted as CSV, about one in two thousand badly.
 * Therefore split at the first seven commas only, and the text taken from between its marks.
 */
export function readLogs(file: string, reading: Reading): RawEvent[] {
  const events: RawEvent[] = [];
  for (const row of rows(file)) {
    const fields = row.split(',');
    const [, nanos, node, pod, container, traceId, spanId] = fields as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    if (!/^\d+$/.test(nanos ?? '') || spanId === undefined) continue;
    const docker = fields.slice(7).join(',').replace(/^"/, '').replace(/"$/, '').replaceAll('""', '"');
    const text = /^\{"log":"([\s\S]*?)(?:\\n)?","stream":"(\w+)"/.exec(docker);
    const written = (text?.[1] ?? docker).replaceAll('\\"', '"').replaceAll('\\n', '\n').replaceAll('\\t', '\t');
    const line = linePattern.exec(written);
    const data: LogLine = {
      kind: 'line',
      stream: text?.[2] === 'stderr' ? 'stderr' : 'stdout',
      message: line?.[4] ?? written,
      level: line?.[1]?.toLowerCase() ?? null,
      attributes: line === null ? {} : { 'code.namespace': line[2]!, 'code.lineno': Number(line[3]) },
    };
    events.push(
      raw({
        type: 'log',
        traceId: /^[0-9a-f]{32}$/.test(traceId) ? traceId : null,
        spanId: /^[0-9a-f]{16}$/.test(spanId) ? spanId : null,
        timestamp: moment(nanos, reading),
        data: { ...data },
        metadata: { ...resource(pod, reading, node), container },
      }),
    );
  }
  return events;
}

/** Column → OpenTelemetry's name, and what turns its unit into OpenTelemetry's. The success rate is 0 throughout: it was not measured. */
const podMetrics: Readonly<Record<string, readonly [string, number]>> = {
  'CpuUsageRate(%)': ['k8s.pod.cpu_limit_utilization', 0.01],
  'MemoryUsageRate(%)': ['k8s.pod.memory_limit_utilization', 0.01],
  NetworkReceiveBytes: ['k8s.pod.network.io.receive', 1],
  NetworkTransmitBytes: ['k8s.pod.network.io.transmit', 1],
  'PodClientLatencyP90(s)': ['http.client.request.duration.p90', 1],
  'PodServerLatencyP90(s)': ['http.server.request.duration.p90', 1],
  'PodWorkload(Ops)': ['http.server.request.rate', 1],
};

/** One row a minute and pod. NaN and what is empty are left out. */
export function readMetrics(file: string, reading: Reading): RawEvent[] {
  const [header = '', ...lines] = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const columns = header.split(',');
  const podAt = columns.indexOf('PodName');
  const timeAt = columns.indexOf('TimeStamp');
  return lines.map((line) => {
    const fields = line.split(',');
    const values: Record<string, number> = {};
    columns.forEach((column, i) => {
      const metric = podMetrics[column];
      const value = Number(fields[i] === '' ? NaN : fields[i]);
      if (metric && Number.isFinite(value)) values[metric[0]] = value * metric[1];
    });
    const data: MetricsRecord = { kind: 'metrics', values, intervalMs: 60_000, attributes: {} };
    return raw({
      type: 'otlp',
      traceId: null,
      spanId: null,
      timestamp: fromEpochMs(Number(fields[timeAt]) * 1000 + reading.shiftMs),
      data: { ...data },
      metadata: resource(fields[podAt]!, reading, null),
    });
  });
}

/** In the order that the engine wants them; equal times by id. */
export function inOrder(events: RawEvent[]): RawEvent[] {
  return events.sort((a, b) =>
    a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0,
  );
}
