import { KubeConfig } from '@kubernetes/client-node';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { binary } from './programs.js';
import { accepts, awaitReady, freePort, startProcess, temporaryFolder, type ServerProcess } from './processes.js';

/** A real etcd and kube-apiserver, with certificates of their own, on free ports of the loopback interface. */
export interface ControlPlane {
  /** Of a member of system:masters, straight to the API server. */
  readonly kubeConfig: KubeConfig;
  /** The same, through a TCP proxy whose connections a test can cut. */
  readonly proxied: KubeConfig;
  readonly proxy: TcpProxy;
  /** With the bearer token of a ServiceAccount instead, through the proxy. */
  serviceAccount(namespace: string, name: string): Promise<KubeConfig>;
  /** Any request of the API; fails with the server's message when the status is not 2xx. */
  call(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiObject>;
  /** Every item of a collection. */
  list(path: string): Promise<readonly ApiObject[]>;
  /** Retries while the server is away: for writers that go on while it restarts. */
  persist<T>(attempt: () => Promise<T>): Promise<T>;
  restartApiServer(): Promise<void>;
  stopApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
  /** Forgets all history of etcd before now: watches from before answer 410 Gone. */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface TcpProxy {
  readonly port: number;
  /** Breaks every connection with a reset; new ones are served. */
  cut(): void;
  /** From now on, bytes are neither forwarded nor refused, and connections stay open: a network that drops packets. */
  stall(stalled: boolean): void;
  /** Refuses new connections and breaks the present ones, or serves again. */
  refuse(refused: boolean): void;
}

export interface ControlPlaneOptions {
  /** Also runs kube-controller-manager, so that Deployments get their ReplicaSets and pods are collected. Default false. */
  readonly controllerManager?: boolean;
}

export async function startControlPlane({
  controllerManager = false,
}: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const folder = temporaryFolder('throughline-control-plane-');
  const file = (name: string) => join(folder.path, name);
  makeCertificates(folder.path);
  const [etcdPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;

  const etcd = await startProcess({
    command: required('etcd'),
    arguments: [
      ...['--data-dir', file('etcd'), '--unsafe-no-fsync', '--log-level', 'error'],
      ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
      ...[
        '--listen-peer-urls',
        `http://127.0.0.1:${peerPort}`,
        '--initial-advertise-peer-urls',
        `http://127.0.0.1:${peerPort}`,
      ],
      ...['--initial-cluster', `default=http://127.0.0.1:${peerPort}`],
    ],
    logFile: file('etcd.log'),
  });
  await awaitReady(etcd, () => accepts(etcdPort));

  const proxy = await startProxy({ port: apiPort, host: '127.0.0.1' });
  const kubeConfig = adminConfig(folder.path, apiPort);
  let apiServer: ServerProcess | null = null;
  let manager: ServerProcess | null = null;

  async function startApiServer(): Promise<void> {
    apiServer = await startProcess({
      command: required('kube-apiserver'),
      arguments: [
        `--etcd-servers=${etcdUrl}`,
        ...[`--secure-port=${apiPort}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1'],
        ...[
          `--tls-cert-file=${file('api.crt')}`,
          `--tls-private-key-file=${file('api.key')}`,
          `--client-ca-file=${file('ca.crt')}`,
        ],
        ...[`--service-account-key-file=${file('sa.key')}`, `--service-account-signing-key-file=${file('sa.key')}`],
        ...['--service-account-issuer=https://kubernetes.default.svc', '--authorization-mode=RBAC'],
        ...['--service-cluster-ip-range=10.96.0.0/16', '--endpoint-reconciler-type=none', '--allow-privileged'],
        // Without a controller manager nobody makes the default ServiceAccount that admission asks for.
        '--disable-admission-plugins=ServiceAccount',
        // Compaction is the tests' to do.
        '--etcd-compaction-interval=0',
      ],
      logFile: file('kube-apiserver.log'),
    });
    await awaitReady(apiServer, async () => void (await callApi(kubeConfig, 'GET', '/readyz')), 90_000);
  }

  async function stopApiServer(): Promise<void> {
    await apiServer?.stop(15_000);
    apiServer = null;
  }

  const call: ControlPlane['call'] = async (method, path, body, contentType) => {
    const text = await callApi(kubeConfig, method, path, body, contentType);
    return JSON.parse(text) as ApiObject;
  };

  await startApiServer();
  if (controllerManager) {
    writeFileSync(file('manager.kubeconfig'), kubeConfig.exportConfig());
    manager = await startProcess({
      command: required('kube-controller-manager'),
      arguments: [
        ...[
          `--kubeconfig=${file('manager.kubeconfig')}`,
          `--secure-port=${await freePort()}`,
          '--bind-address=127.0.0.1',
        ],
        ...[
          `--service-account-private-key-file=${file('sa.key')}`,
          `--root-ca-file=${file('ca.crt')}`,
          '--use-service-account-credentials',
        ],
        ...['--leader-elect=false', '--allocate-node-cidrs=false'],
      ],
      logFile: file('kube-controller-manager.log'),
    });
    await awaitReady(manager, async () => {
      await call('GET', '/api/v1/namespaces/default/serviceaccounts/default');
    });
  }

  return {
    kubeConfig,
    proxied: adminConfig(folder.path, proxy.port),
    proxy,
    call,
    async list(path) {
      return ((await call('GET', path))['items'] ?? []) as ApiObject[];
    },
    async serviceAccount(namespace, name) {
      const answer = await call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 3600 },
      });
      return configFor(folder.path, proxy.port, { name, token: (answer['status'] as { token: string }).token });
    },
    async persist(attempt) {
      for (let tries = 1; ; tries++) {
        try {
          return await attempt();
        } catch (error) {
          if (tries > 300) throw error;
          await delay(100);
        }
      }
    },
    startApiServer,
    stopApiServer,
    async restartApiServer() {
      await stopApiServer();
      await startApiServer();
    },
    async compact() {
      const post = async (path: string, body: unknown) => {
        const answer = await fetch(etcdUrl + path, { method: 'POST', body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${await answer.text()}`);
        return (await answer.json()) as { header: { revision: string } };
      };
      const { header } = await post('/v3/kv/range', { key: Buffer.from('/registry').toString('base64') });
      await post('/v3/kv/compaction', { revision: header.revision, physical: true });
    },
    async stop() {
      await manager?.stop();
      await stopApiServer();
      await etcd.stop();
      await proxy.close();
      folder.remove();
    },
  };
}

/** On a free port of the loopback interface. `target` is an address or the path of a socket. */
export async function startProxy(target: NetConnectOpts): Promise<TcpProxy & { close(): Promise<void> }> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let refused = false;
  let stalled = false;

  const server = createServer((client) => {
    if (refused) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on('data', (chunk) => {
        if (!stalled) to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('end', () => to.end());
      from.on('close', () => {
        pairs.delete(pair);
        to.destroy();
      });
    }
  });
  const cut = () => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stall(value) {
      stalled = value;
      // What was dropped is gone: such a connection cannot be taken up again.
      if (!value) cut();
    },
    refuse(value) {
      refused = value;
      if (value) cut();
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync(required('openssl'), args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test-ca', '-days', '2');
  openssl('genrsa', '-out', 'sa.key', '2048');
  writeFileSync(
    join(folder, 'names'),
    'subjectAltName=DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1',
  );
  const certificates = { api: '/CN=kube-apiserver', admin: '/O=system:masters/CN=admin' };
  for (const [name, subject] of Object.entries(certificates)) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...signed);
  }
}

function adminConfig(folder: string, port: number): KubeConfig {
  const base64 = (name: string) => readFileSync(join(folder, name)).toString('base64');
  return configFor(folder, port, { name: 'admin', certData: base64('admin.crt'), keyData: base64('admin.key') });
}

function configFor(
  folder: string,
  port: number,
  user: { name: string; token?: string; certData?: string; keyData?: string },
): KubeConfig {
  const kubeConfig = new KubeConfig();
  const caData = readFileSync(join(folder, 'ca.crt')).toString('base64');
  kubeConfig.loadFromClusterAndUser(
    { name: 'test', server: `https://127.0.0.1:${port}`, caData, skipTLSVerify: false },
    user,
  );
  return kubeConfig;
}

async function callApi(
  kubeConfig: KubeConfig,
  method: string,
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<string> {
  const options = {};
  await kubeConfig.applyToHTTPSOptions(options);
  return await new Promise<string>((resolve, reject) => {
    const sent = request(
      `${kubeConfig.getCurrentCluster()?.server}${path}`,
      { ...options, method, timeout: 30_000, headers: body === undefined ? {} : { 'content-type': contentType } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(text);
          else reject(new Error(`${method} ${path}: ${status} ${text}`));
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function required(name: string): string {
  const path = binary(name);
  if (path === null) throw new Error(`${name} is not on this machine`);
  return path;
}
