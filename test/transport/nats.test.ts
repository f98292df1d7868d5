import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nkeys } from '@nats-io/transport-node';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createTransport } from '../../src/transport/create.js';
import { deadLetterHeaders } from '../../src/transport/dead-letter.js';
import type { NatsTransportOptions } from '../../src/transport/nats.js';
import { streamLayouts, streamNames } from '../../src/transport/streams.js';
import type { Transport } from '../../src/transport/transport.js';
import { describeWith } from '../servers/availability.js';
import { startNats, type NatsServer } from '../servers/nats.js';
import { temporaryFolder } from '../servers/processes.js';
import { collect, drain, message, transportContract, unified, unique, until } from './contract.js';
import { createAccount, createCertificates } from './identities.js';
import { logLine } from './raw-events.js';

const mebibyte = 1_048_576;
const retention = Object.fromEntries(
  streamNames.map((stream) => [stream, { maxAgeMs: 3_600_000, maxBytes: 128 * mebibyte }]),
) as NatsTransportOptions['retention'] & object;

function transportOn(server: NatsServer, options: Partial<NatsTransportOptions> = {}): Transport {
  return createTransport(
    { kind: 'nats', nats: { url: server.url, stream: 'TAPIO_EVENTS', retention, ...options } },
    { log: pino({ level: 'silent' }), registry: new Registry() },
  );
}

describeWith(['nats'], 'the NATS transport', () => {
  let server: NatsServer;
  let open: Transport[] = [];

  async function connected(options: Partial<NatsTransportOptions> = {}): Promise<Transport> {
    const transport = transportOn(server, options);
    await transport.start();
    open.push(transport);
    return transport;
  }

  beforeAll(async () => {
    server = await startNats();
  });
  afterEach(async () => {
    await Promise.all(open.map((transport) => transport.stop()));
    open = [];
  });
  afterAll(async () => {
    await server.stop();
  });

  transportContract(async () => {
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const names = Object.values(streamLayouts('TAPIO_EVENTS')).map(({ name }) => name);
    for await (const { config } of manager.streams.list())
      if (names.includes(config.name)) await manager.streams.delete(config.name);
    await connection.close();
    return connected();
  });

  test('streams are made once, and brought to a changed retention', async () => {
    await connected();
    await connected({ retention: { ...retention, raw: { maxAgeMs: 7_200_000, maxBytes: 64 * mebibyte } } });
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const { config } = await manager.streams.info('TAPIO_EVENTS');
    expect(config).toMatchObject({
      subjects: ['events.>', 'priority.>', 'clock.>'],
      storage: 'file',
      max_age: 7_200_000 * 1e6,
      max_bytes: 64 * mebibyte,
      duplicate_window: 120_000 * 1e6,
    });
    await connection.close();
  });

  test('a retention the server cannot hold is refused with the stream and the size', async () => {
    const transport = transportOn(server, { retention: { ...retention, dead: { maxAgeMs: 1_000, maxBytes: 1e15 } } });
    await expect(transport.start()).rejects.toMatchObject({
      code: 'TRANSPORT_REJECTED',
      message: expect.stringMatching(/TAPIO_EVENTS_DEAD \(1000000000000000 bytes on file, 1 replicas\)/),
    });
  });

  test('a second role joins streams that have most of what the server may store', async () => {
    const roomy = { ...retention, raw: { maxAgeMs: 3_600_000, maxBytes: 5 * 1024 * mebibyte } };
    const own = await startNats();
    const [first, second] = [transportOn(own, { retention: roomy }), transportOn(own, { retention: roomy })];
    await first.start();
    await second.start();
    await second.publish([message([logLine(1)])]);
    expect(await first.position('raw')).toEqual({ first: 1, last: 1 });
    await Promise.all([first.stop(), second.stop()]);
    await own.stop();
  });

  test('a message larger than the server takes is rejected as poison, and its neighbours can be sent', async () => {
    const transport = await connected();
    const huge = { ...unified(), body: new Uint8Array(2 * mebibyte) };
    await expect(transport.publish([huge])).rejects.toMatchObject({ code: 'TRANSPORT_REJECTED', kind: 'poison' });
    await transport.publish([unified()]);
  });

  test('a message that fills the server to the brim still becomes a dead letter, cut short and saying so', async () => {
    const transport = await connected();
    const foreign = await connect({ servers: server.url });
    const body = new Uint8Array(mebibyte).fill(0x20);
    const { last } = await transport.position('dead');
    foreign.publish('events.log.line.1', body);
    await foreign.flush();
    await foreign.close();
    const consumer = transport.consume({ stream: 'raw', durable: `durable-${unique()}`, maxDeliver: 1 });
    const received = collect(consumer, (each) => (each.body.length === mebibyte ? each.nak(10) : each.ack()));
    for await (const letter of transport.read({ stream: 'dead', from: last + 1 })) {
      expect(letter.headers[deadLetterHeaders.truncated]).toBe(String(mebibyte));
      expect(letter.headers[deadLetterHeaders.sequence]).toBe(String(received.at(-1)!.sequence));
      expect(letter.body.length).toBeGreaterThan(mebibyte - 2_000);
      break;
    }
    await consumer.stop();
  });

  test('a server restarted under publisher and consumer loses nothing, and publishes nothing twice', async () => {
    const publisher = await connected();
    const worker = await connected();
    const { last: before } = await publisher.position('raw');
    const consumer = worker.consume({ stream: 'raw', durable: `durable-${unique()}`, ackWaitMs: 1_000 });
    const received = collect(consumer, (each) => each.ack());
    const sent = Array.from({ length: 300 }, () => message([logLine(unique())]));
    const publishing = (async () => {
      for (const each of sent) await publisher.publish([each]);
    })();
    await until(() => received.length > 20);
    await server.restart();
    await until(() => worker.health().connected);
    const early = received.length;
    await publishing;
    await until(() => new Set(received.map(({ sequence }) => sequence)).size >= before + sent.length);
    expect(early).toBeLessThan(received.length);
    expect((await publisher.position('raw')).last - before).toBe(sent.length);
    for (const each of received) if (each.deliveries === 1) expect(each.sequence).toBeGreaterThan(0);
    await consumer.stop();
  });

  test('a server killed and started again has everything that was published', async () => {
    const transport = await connected();
    const sent = Array.from({ length: 50 }, () => unified());
    await transport.publish(sent);
    const { last } = await transport.position('unified');
    await server.kill();
    await until(() => !transport.health().connected);
    expect(transport.health().reason).toMatch(/^disconnected from/);
    await server.start();
    await until(() => transport.health().connected);
    expect(await transport.position('unified')).toMatchObject({ last });
    await transport.publish([unified()]);
    const received = await drain(transport, { stream: 'unified', durable: `durable-${unique()}` });
    expect(received.at(-1)!.sequence).toBe(last + 1);
  });

  test('a server that comes back without its data gets its streams and consumers again', async () => {
    const transport = await connected();
    const consumer = transport.consume({ stream: 'unified', durable: `durable-${unique()}` });
    const received = collect(consumer, (each) => each.ack());
    await transport.publish([unified()]);
    await until(() => received.length > 0);
    await server.kill();
    await until(() => !transport.health().connected);
    server.wipe();
    await server.start();
    await until(() => transport.health().connected);
    const before = received.length;
    const next = unified();
    await transport.publish([next]);
    await until(() => received.length > before);
    expect(received.at(-1)!.sequence).toBe(1);
    expect(Buffer.compare(received.at(-1)!.body, next.body)).toBe(0);
    await consumer.stop();
  });

  test('a reader that follows the tail goes on after a restart where it was', async () => {
    const transport = await connected();
    const { last } = await transport.position('unified');
    const aborting = new AbortController();
    const sequences: number[] = [];
    const reading = (async () => {
      for await (const each of transport.read({ stream: 'unified', from: last + 1, signal: aborting.signal })) {
        sequences.push(each.sequence);
      }
    })();
    await transport.publish([unified(), unified()]);
    await until(() => sequences.length === 2);
    await server.restart();
    await until(() => transport.health().connected);
    await transport.publish([unified(), unified()]);
    await until(() => sequences.length === 4);
    aborting.abort();
    await reading;
    expect(sequences).toEqual([1, 2, 3, 4].map((n) => last + n));
  });

  test('publish fails as transient when the server stays away, and the same messages can be sent again', async () => {
    const transport = await connected({ publishTimeoutMs: 300 });
    const sent = [unified(), unified()];
    await server.kill();
    await expect(transport.publish(sent)).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE', kind: 'transient' });
    await server.start();
    await until(() => transport.health().connected);
    const { last } = await transport.position('unified');
    await transport.publish(sent);
    expect((await transport.position('unified')).last).toBeLessThanOrEqual(last + 2);
  });
});

describeWith(['nats'], 'a NATS server that asks who is there', () => {
  const servers: NatsServer[] = [];
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  async function guarded(configuration: string): Promise<NatsServer> {
    const server = await startNats({ configuration });
    servers.push(server);
    return server;
  }

  async function reaches(server: NatsServer, options: Partial<NatsTransportOptions>): Promise<boolean> {
    const transport = transportOn(server, { connectTimeoutMs: 1_000, ...options });
    await transport.start();
    const { connected } = transport.health();
    await transport.stop();
    return connected;
  }

  test('lets in user and password, and nobody without', async () => {
    const server = await guarded('authorization { user: "agent", password: "s3cret" }');
    expect(await reaches(server, { user: 'agent', password: 's3cret' })).toBe(true);
    await expect(reaches(server, { user: 'agent', password: 'wrong' })).rejects.toMatchObject({
      code: 'TRANSPORT_UNAVAILABLE',
      message: expect.stringMatching(/^no NATS server at nats:\/\/127\.0\.0\.1:\d+: .*authorization/i),
    });
  });

  test('lets in an nkey, by its seed', async () => {
    const user = nkeys.createUser();
    const server = await guarded(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
    expect(await reaches(server, { nkeySeed: new TextDecoder().decode(user.getSeed()) })).toBe(true);
    const stranger = new TextDecoder().decode(nkeys.createUser().getSeed());
    await expect(reaches(server, { nkeySeed: stranger })).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
  });

  test('lets in the credentials of an account, from their file', async () => {
    const folder = temporaryFolder();
    const account = createAccount();
    const credsFile = join(folder.path, 'agent.creds');
    writeFileSync(credsFile, account.credentials);
    const server = await guarded(account.configuration);
    expect(await reaches(server, { credsFile })).toBe(true);
    await expect(reaches(server, { credsFile: join(folder.path, 'none') })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `the NATS credentials file ${join(folder.path, 'none')} cannot be read`,
    });
    folder.remove();
  });

  test('speaks TLS on both sides, with certificates of one authority', async () => {
    const folder = temporaryFolder();
    const files = createCertificates(folder.path);
    const server = await guarded(
      `tls { cert_file: "${files.certFile}", key_file: "${files.keyFile}", ca_file: "${files.caFile}", verify: true }`,
    );
    const url = `tls://127.0.0.1:${server.port}`;
    expect(await reaches(server, { url, tls: files })).toBe(true);
    await expect(reaches(server, { url, tls: { caFile: files.caFile } })).rejects.toMatchObject({
      code: 'TRANSPORT_UNAVAILABLE',
    });
    await expect(reaches(server, { url })).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
    folder.remove();
  });

  test('lets in a token', async () => {
    const server = await guarded('authorization { token: "t0ken" }');
    expect(await reaches(server, { token: 't0ken' })).toBe(true);
    await expect(reaches(server, {})).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
  });
});
