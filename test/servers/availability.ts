import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from '@jest/globals';
import { binary, browser, neo4jLibrary, serversHome } from './programs.js';

/** What a suite may ask for. `node` is a whole Kubernetes node; `ebpf` the right to load programs into a kernel with BTF, and the built addon. */
export type ServerName = 'nats' | 'neo4j' | 'control-plane' | 'node' | 'ebpf' | 'clang' | 'chromium';

/** Why the server cannot be had on this machine, and what would provide it; null when it can. */
export function unavailable(server: ServerName): string | null {
  const reason = checks[server]();
  return reason === null ? null : `${reason} (${remedies[server]})`;
}

/**
 * The suite, when every server it names can be had. Otherwise its tests are reported as skipped, the reason in their name; under
 * CI=true, where a skipped server would be a hole in the proof, the suite fails instead.
 */
export function describeWith(servers: readonly ServerName[], title: string, body: () => void): void {
  const reasons = servers.flatMap((server) => {
    const reason = unavailable(server);
    return reason === null ? [] : [`${server}: ${reason}`];
  });
  if (reasons.length === 0) {
    describe(title, body);
  } else if (process.env['CI'] === 'true') {
    describe(title, () => {
      test('has the servers it needs', () => {
        throw new Error(`under CI=true no server may be missing; ${reasons.join('; ')}`);
      });
    });
  } else {
    describe.skip(`${title} [skipped: ${reasons.join('; ')}]`, body);
  }
}

const checks: Record<ServerName, () => string | null> = {
  nats: () => missing(['nats-server']),
  neo4j: () => missing(['java']) ?? (neo4jLibrary() === null ? `no Neo4j jars in ${serversHome()}/neo4j` : null),
  'control-plane': () => missing(['etcd', 'kube-apiserver', 'openssl']),
  node: () =>
    notRoot() ??
    (holds(21) && holds(12) ? null : 'needs CAP_SYS_ADMIN and CAP_NET_ADMIN') ??
    unavailable('control-plane') ??
    missing(['kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'kubectl']) ??
    missing(['containerd', 'ctr', 'runc', 'coredns', 'ip', 'socat', 'unshare', 'setpriv']) ??
    (existsSync(join(serversHome(), 'images', 'box.tar')) ? null : `no container images in ${serversHome()}/images`),
  ebpf: () =>
    lacksCapability() ??
    (existsSync('/sys/kernel/btf/vmlinux') ? null : 'this kernel has no BTF (/sys/kernel/btf/vmlinux)') ??
    (nativeAddonBuilt() ? null : 'the native addon is not built'),
  clang: () => missing(['clang']),
  chromium: () => (browser() === null ? 'no Chromium found' : null) ?? pageNotBuilt(),
};

const remedies: Record<ServerName, string> = {
  nats: 'scripts/servers/provision nats',
  neo4j: 'apt-get install default-jdk-headless maven; scripts/servers/provision neo4j',
  'control-plane': 'scripts/servers/provision control-plane',
  node: 'as root on Linux: scripts/servers/provision control-plane node',
  ebpf: 'as root on Linux with CONFIG_DEBUG_INFO_BTF: scripts/servers/provision native; node agent/native/build.mjs',
  clang: 'apt-get install clang',
  chromium: 'scripts/servers/provision chromium; npm run build',
};

function missing(programs: readonly string[]): string | null {
  const lacking = programs.filter((program) => binary(program) === null);
  return lacking.length === 0 ? null : `${lacking.join(', ')} not found`;
}

function notRoot(): string | null {
  return process.platform === 'linux' && process.getuid?.() === 0 ? null : 'needs root on Linux';
}

/** Loading tracing programs takes CAP_BPF (39) and CAP_PERFMON (38), or CAP_SYS_ADMIN (21) for all of it: capabilities(7). */
function lacksCapability(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  return holds(21) || (holds(39) && holds(38)) ? null : 'needs CAP_BPF and CAP_PERFMON';
}

function holds(capability: number): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & (1n << BigInt(capability))) !== 0n;
}

function pageNotBuilt(): string | null {
  const page = join(import.meta.dirname, '..', '..', 'dist', 'web', 'index.html');
  return existsSync(page) ? null : 'the page is not built';
}

function nativeAddonBuilt(): boolean {
  const release = join(import.meta.dirname, '..', '..', 'agent', 'native', 'build', 'Release');
  return existsSync(release) && readdirSync(release).some((file) => file.endsWith('.node'));
}
