/** A server that answers on request, and dies on request; its client, which says in its log what it cannot have; and a Job that ends well. */
export interface Names {
  readonly namespace: string;
  readonly server: string;
  readonly client: string;
}

const port = 8080;

/** Warms up for 5 s after every start, as programs do. Who asks for /hoard makes it take memory until it has no more. */
const serverProgram = `
const held = [];
const hoard = () => held.push(Buffer.alloc(8 * 1024 * 1024, 1));
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/hoard') setInterval(hoard, 50);
  response.end('ok');
});
setTimeout(() => server.listen(${port}), 5_000);
`;

/** A program with structured logs whose error text names the peer as Node does it. */
const clientProgram = (url: string): string => `
const say = (level, msg) => console.log(JSON.stringify({ time: new Date().toISOString(), level, msg }));
setInterval(() => {
  const call = require('node:http').get('${url}', { agent: false, timeout: 2_000 }, (response) => response.resume());
  call.on('timeout', () => call.destroy(new Error('timeout after 2000 ms')));
  call.on('error', (error) => say('error', 'GET ${url} failed: ' + error.message));
}, 500);
say('info', 'started');
`;

export function serverObjects({ namespace, server }: Names): readonly object[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: server, namespace },
      spec: { selector: { app: server }, ports: [{ port, targetPort: port }] },
    },
    deployment(namespace, server, serverProgram, {
      ports: [{ containerPort: port }],
      resources: { requests: { memory: '64Mi' }, limits: { memory: '160Mi' } },
      readinessProbe: { httpGet: { path: '/', port }, periodSeconds: 1 },
      // The last connections of a Service reach a pod a moment after its deletion began.
      lifecycle: { preStop: { exec: { command: ['sleep', '3'] } } },
    }),
  ];
}

export function clientObjects({ namespace, server, client }: Names): readonly object[] {
  return [deployment(namespace, client, clientProgram(`http://${server}:${port}/`), {})];
}

export function job(namespace: string, name: string): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    spec: {
      template: { spec: { restartPolicy: 'Never', containers: [container(name, 'console.log("counted 3 tills")')] } },
    },
  };
}

function deployment(namespace: string, name: string, program: string, settings: object): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 5, containers: [{ ...container(name, program), ...settings }] },
      },
    },
  };
}

function container(name: string, program: string): object {
  return {
    name,
    image: 'docker.io/library/box:1',
    imagePullPolicy: 'Never',
    command: ['node', '-e', program],
  };
}
