import type { Probe } from './kubernetes-objects.js';

/** What a container's own probes are, by how the kubelet names them. */
export type Probes = Readonly<Partial<Record<'Liveness' | 'Readiness' | 'Startup', Probe>>>;

export type ProbeMistake = 'port' | 'protocol' | 'timing';

/** What clients of the kubelet's probers say when the server speaks another protocol than they do. */
const otherProtocol =
  /malformed HTTP (?:response|status code)|HTTP\/1\.x transport connection broken|server gave HTTP response to HTTPS client|first record does not look like a TLS handshake|error reading server preface|http2: (?:frame too large|server sent GOAWAY)|does not implement the grpc health protocol|code = Unimplemented|unknown service grpc\.health/i;
/** Nobody listens there: refused, or (gRPC) not connected within the timeout. A server that is slow to answer has been connected to. */
const notConnected = /connection refused|failed to connect service|no route to host|connect: connection timed out/i;
/** A program that is given less than this from its start until it is killed has to be up at once. */
const shortLeashMs = 15_000;

/**
 * What is wrong with a probe itself, where its failures, its settings and the container's ports leave no other reading; null where the
 * program may be at fault. `restarted`: failures of this probe have ended the container before.
 */
export function mistakeOf(
  probe: Probe | undefined,
  error: string,
  port: number | null,
  declaredPorts: readonly number[],
  restarted: boolean,
): ProbeMistake | null {
  if (otherProtocol.test(error)) return 'protocol';
  const undeclared = port !== null && declaredPorts.length > 0 && !declaredPorts.includes(port);
  if (undeclared) return notConnected.test(error) ? 'port' : null;
  if (!probe || !restarted || !/timeout|deadline exceeded|refused|timed out/i.test(error)) return null;
  return leashMs(probe) < shortLeashMs ? 'timing' : null;
}

/** How long a program has from its start until the probe's failures end it. */
function leashMs({ initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 }: Probe): number {
  return (initialDelaySeconds + periodSeconds * (failureThreshold - 1)) * 1000;
}

/** The port that a probe asks, where it is told by number. */
export function portOfProbe(probe: Probe | undefined): number | null {
  const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port;
  return typeof port === 'number' ? port : null;
}
