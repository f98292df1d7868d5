import { describedTime, lineOf, pairsOf, valueOf, valuesOf, type DescribedLine } from './kubectl-text.js';

/** The pod spec, or the template of one, that a description shows. `volumes` and `containers` are as Kubernetes has them. */
export function readPodSpec(lines: readonly DescribedLine[]): Record<string, unknown> {
  const selector = pairsOf(lines, 'Node-Selectors');
  return {
    ...(valueOf(lines, 'Service Account') !== undefined && { serviceAccountName: valueOf(lines, 'Service Account') }),
    ...(Object.keys(selector).length > 0 && { nodeSelector: selector }),
    restartPolicy: 'Always',
    initContainers: (lineOf(lines, 'Init Containers')?.below ?? []).map(readContainer),
    containers: (lineOf(lines, 'Containers')?.below ?? []).map(readContainer),
    volumes: (lineOf(lines, 'Volumes')?.below ?? []).map(readVolume),
    tolerations: valuesOf(lines, 'Tolerations').map(readToleration),
  };
}

function readContainer({ key, below }: DescribedLine): Record<string, unknown> {
  const ports = (valueOf(below, 'Port') ?? valueOf(below, 'Ports') ?? '').split(', ').filter((port) => port !== '');
  const limits = pairsOf(below, 'Limits');
  const requests = pairsOf(below, 'Requests');
  return {
    name: key ?? '',
    image: valueOf(below, 'Image'),
    ...(lineOf(below, 'Command') && { command: valuesOf(below, 'Command') }),
    ...(lineOf(below, 'Args') && { args: valuesOf(below, 'Args') }),
    ports: ports.map((port) => ({ containerPort: Number.parseInt(port, 10), protocol: port.split('/')[1] ?? 'TCP' })),
    env: (lineOf(below, 'Environment')?.below ?? []).flatMap(readVariable),
    envFrom: (lineOf(below, 'Environment Variables from')?.below ?? []).flatMap(readVariableSource),
    resources: { limits, requests },
    livenessProbe: readProbe(valueOf(below, 'Liveness')),
    readinessProbe: readProbe(valueOf(below, 'Readiness')),
    startupProbe: readProbe(valueOf(below, 'Startup')),
  };
}

function readVariable({ key, value }: DescribedLine): Record<string, unknown>[] {
  if (key === null) return [];
  const reference = /^<set to the key '([^']+)' (?:in|of) (secret|config map) '([^']+)'>/.exec(value);
  if (!reference) return [{ name: key, value }];
  const source = { key: reference[1], name: reference[3], optional: /Optional: true/.test(value) };
  return [{ name: key, valueFrom: { [reference[2] === 'secret' ? 'secretKeyRef' : 'configMapKeyRef']: source } }];
}

function readVariableSource({ raw }: DescribedLine): Record<string, unknown>[] {
  const match = /^\s*(\S+)\s+(Secret|ConfigMap)\b.*?Optional: (true|false)/.exec(raw);
  if (!match) return [];
  const source = { name: match[1], optional: match[3] === 'true' };
  return [match[2] === 'Secret' ? { secretRef: source } : { configMapRef: source }];
}

/** `http-get http://:8080/_healthz delay=10s timeout=1s period=10s #success=1 #failure=3`. */
function readProbe(text: string | undefined): Record<string, unknown> | undefined {
  const match = /^(\S+) (.*?) ?delay=(\d+)s timeout=(\d+)s period=(\d+)s #success=(\d+) #failure=(\d+)/.exec(
    text ?? '',
  );
  if (!match) return undefined;
  const [, how = '', what = '', delay, timeout, period, success, failure] = match;
  const port = Number(/:(\d+)/.exec(what)?.[1]);
  const path = /:\/\/[^/]*(\/\S*)/.exec(what)?.[1] ?? '/';
  return {
    ...(how === 'http-get' && { httpGet: { port, path } }),
    ...(how === 'tcp-socket' && { tcpSocket: { port } }),
    ...(how === 'grpc' && { grpc: { port } }),
    ...(how === 'exec' && { exec: { command: [what] } }),
    initialDelaySeconds: Number(delay),
    timeoutSeconds: Number(timeout),
    periodSeconds: Number(period),
    successThreshold: Number(success),
    failureThreshold: Number(failure),
  };
}

function readVolume({ key, below }: DescribedLine): Record<string, unknown> {
  const type = valueOf(below, 'Type') ?? '';
  const name = key ?? '';
  const optional = valueOf(below, 'Optional') === 'true';
  if (type.startsWith('PersistentVolumeClaim'))
    return { name, persistentVolumeClaim: { claimName: valueOf(below, 'ClaimName') } };
  if (type.startsWith('ConfigMap')) return { name, configMap: { name: valueOf(below, 'Name'), optional } };
  if (type.startsWith('Secret')) return { name, secret: { secretName: valueOf(below, 'SecretName'), optional } };
  if (type.startsWith('HostPath')) return { name, hostPath: { path: valueOf(below, 'Path') } };
  if (type.startsWith('Projected'))
    return { name, projected: { sources: [{ configMap: { name: valueOf(below, 'ConfigMapName') } }] } };
  return { name, emptyDir: {} };
}

/** `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`, `key=value:NoSchedule`. */
function readToleration(text: string): Record<string, unknown> {
  const match = /^([^\s=:]*)(?:=([^\s:]*))?(?::(\w+))?(?: op=(\w+))?/.exec(text);
  return {
    ...(match?.[1] && { key: match[1] }),
    ...(match?.[2] && { value: match[2] }),
    ...(match?.[3] && { effect: match[3] }),
    operator: match?.[4] ?? 'Equal',
  };
}

/** The statuses of a pod's containers. `whyWaiting`: what the kubelet said of a container that does not start, by reason. */
export function readContainerStatuses(
  lines: readonly DescribedLine[],
  key: 'Containers' | 'Init Containers',
  whyWaiting: (container: string, reason: string) => string | undefined,
): Record<string, unknown>[] {
  return (lineOf(lines, key)?.below ?? []).flatMap(({ key: name, below }) => {
    // A pod that waits for a node has no statuses yet.
    if (name === null || !lineOf(below, 'State')) return [];
    return [
      {
        name,
        image: valueOf(below, 'Image'),
        imageID: valueOf(below, 'Image ID') ?? '',
        containerID: valueOf(below, 'Container ID') ?? '',
        ready: valueOf(below, 'Ready') === 'True',
        restartCount: Number(valueOf(below, 'Restart Count') ?? 0),
        state: readState(lineOf(below, 'State'), (reason) => whyWaiting(name, reason)),
        lastState: readState(lineOf(below, 'Last State'), () => undefined),
      },
    ];
  });
}

function readState(
  line: DescribedLine | undefined,
  whyWaiting: (reason: string) => string | undefined,
): Record<string, unknown> {
  if (!line) return {};
  const { value, below } = line;
  const reason = valueOf(below, 'Reason');
  const started = describedTime(valueOf(below, 'Started'));
  if (value === 'Running') return { running: { startedAt: started } };
  if (value === 'Waiting')
    return { waiting: { reason, message: valueOf(below, 'Message') ?? whyWaiting(reason ?? '') } };
  if (value !== 'Terminated') return {};
  return {
    terminated: {
      exitCode: Number(valueOf(below, 'Exit Code') ?? 0),
      signal: Number(valueOf(below, 'Signal') ?? 0),
      reason,
      message: valueOf(below, 'Message'),
      startedAt: started,
      finishedAt: describedTime(valueOf(below, 'Finished')),
    },
  };
}
