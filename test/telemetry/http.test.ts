import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Counter } from 'prom-client';
import { createTelemetryServer, type Readiness, type TelemetryServer } from '../../src/telemetry/http.js';
import { createLog } from '../../src/telemetry/log.js';
import { createRegistry } from '../../src/telemetry/registry.js';

describe('the telemetry server', () => {
  let server: TelemetryServer;
  let base: string;
  let readiness: () => Readiness | Promise<Readiness>;

  beforeEach(async () => {
    const registry = createRegistry('ingest');
    new Counter({ name: 'throughline_example_total', help: 'Things.', registers: [registry] }).inc(7);
    readiness = () => ({ ready: true, reasons: [] });
    const log = createLog({ level: 'silent', role: 'ingest' });
    server = createTelemetryServer({ host: '127.0.0.1', port: 0, registry, readiness: () => readiness(), log });
    base = `http://127.0.0.1:${await server.start()}`;
  });
  afterEach(() => server.stop());

  test('is alive and ready', async () => {
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
  });

  test('says why it is not ready, and stays alive', async () => {
    readiness = () => ({ ready: false, reasons: ['the bus is away'] });
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, reasons: ['the bus is away'] });
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  test('is not ready when the question itself fails', async () => {
    readiness = () => Promise.reject(new Error('the graph does not answer'));
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, reasons: ['the graph does not answer'] });
  });

  test('shows the metrics of the role in the Prometheus format', async () => {
    const response = await fetch(`${base}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const body = await response.text();
    expect(body).toContain('throughline_example_total{role="ingest"} 7');
    expect(body).toContain('nodejs_eventloop_lag_seconds');
  });

  test('knows no other path and takes no other method', async () => {
    expect((await fetch(`${base}/debug`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  test('frees its port when it stops, and stops twice without harm', async () => {
    await server.stop();
    await server.stop();
    await expect(fetch(`${base}/healthz`)).rejects.toThrow();
  });
});
