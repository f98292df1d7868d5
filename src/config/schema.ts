import { hostname } from 'node:os';
import { z } from 'zod';
import { parseDuration, parseSize } from './quantities.js';

/** `replay` and `record` are configured as `up` and `agent`, `explore` as `api`. */
export type Role = 'up' | 'agent' | 'ingest' | 'api';

/** What a person needs to know of one key. docs/configuration.md is held to these. */
export interface SettingInfo {
  /** The environment variable that overrides the file. */
  readonly env: string;
  /** What it is for. */
  readonly about: string;
  /** Completes "it must be …". */
  readonly allowed: string;
  /** As one would write it; null when the key has no value by default. */
  readonly fallback: string | null;
  /** Never printed; `<env>_FILE` names a file that holds it. */
  readonly secret: boolean;
}

export const settingInfo = z.registry<SettingInfo>();

export const collectorNames = ['kubernetes', 'kernel', 'container-logs'] as const;
export type CollectorName = (typeof collectorNames)[number];

/** Every key, by section, as it is written in the file. Defaults depend on the role. */
export function sectionShapes(role: Role) {
  const oneProcess = role === 'up';
  return {
    log: {
      level: setting(choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info', {
        env: 'LOG_LEVEL',
        about: 'The least severe log lines that are written.',
      }),
    },
    telemetry: {
      host: setting(text, '127.0.0.1', {
        env: 'TELEMETRY_HOST',
        about: 'Address on which the agent and the ingest worker serve /healthz, /readyz and /metrics.',
        allowed: 'an address of this host, such as 127.0.0.1 or 0.0.0.0',
      }),
    },
    cluster: {
      name: optional(text, {
        env: 'CLUSTER_NAME',
        about: 'Name of the cluster in every event; by default the cluster of the current kubeconfig context.',
        allowed: 'a name',
      }),
      kubeconfig: optional(text, {
        env: 'KUBECONFIG',
        about: 'Kubeconfig files; by default ~/.kube/config, or the service account inside of a cluster.',
        allowed: 'a path, or several separated by colons',
      }),
    },
    transport: {
      kind: setting(oneProcess ? choice('memory', 'nats') : choice('nats'), oneProcess ? 'memory' : 'nats', {
        env: 'TRANSPORT',
        about: 'The bus between the roles. memory lives in one process, so only `up` can use it.',
      }),
    },
    nats: {
      url: setting(url(['nats:', 'tls:', 'ws:', 'wss:']), 'nats://localhost:4222', {
        env: 'NATS_URL',
        about: 'The NATS server, or several separated by commas.',
        allowed: 'one or more URLs such as nats://host:4222 or tls://host:4222, separated by commas',
      }),
      stream: setting(pattern(/^[A-Za-z0-9_-]+$/), 'TAPIO_EVENTS', {
        env: 'NATS_STREAM',
        about: 'The JetStream stream of raw events; the other streams add _UNIFIED, _RESULTS and _DEAD to its name.',
        allowed: 'a stream name of letters, digits, _ and -',
      }),
      user: optional(text, { env: 'NATS_USER', about: 'User of the NATS server.', allowed: 'a name' }),
      password: optional(text, {
        env: 'NATS_PASSWORD',
        about: 'Password of that user.',
        allowed: 'a password',
        secret: true,
      }),
    },
    graph: {
      store: setting(choice('embedded', 'neo4j'), oneProcess ? 'embedded' : 'neo4j', {
        env: 'GRAPH_STORE',
        about: 'Where incidents and topology are kept. embedded is for one machine and evaluation.',
      }),
      path: optional(text, {
        env: 'GRAPH_PATH',
        about: 'File of the embedded store; without one it lives in memory and ends with the process.',
        allowed: 'a path',
      }),
      retention: setting(duration('1h', '3650d'), '30d', {
        env: 'GRAPH_RETENTION',
        about: 'How long what is over stays in the graph: resolved incidents, events of none, topology that has ended.',
      }),
    },
    neo4j: {
      url: setting(
        url(['bolt:', 'bolt+s:', 'bolt+ssc:', 'neo4j:', 'neo4j+s:', 'neo4j+ssc:']),
        'bolt://localhost:7687',
        {
          env: 'NEO4J_URL',
          about: 'The Neo4j server.',
          allowed: 'a URL such as bolt://host:7687 or neo4j+s://host:7687',
        },
      ),
      user: setting(text, 'neo4j', { env: 'NEO4J_USER', about: 'User of the Neo4j server.', allowed: 'a name' }),
      password: optional(text, {
        env: 'NEO4J_PASSWORD',
        about: 'Password of that user; without one the server is asked without authentication.',
        allowed: 'a password',
        secret: true,
      }),
      database: setting(text, 'neo4j', { env: 'NEO4J_DATABASE', about: 'Database name.', allowed: 'a name' }),
    },
    correlation: {
      window: setting(duration('1s', '1h'), '30s', {
        env: 'CORRELATION_WINDOW',
        about:
          'How long what has no state counts as going on after it was last seen: half of it for a log line, one and a half for an event. Longer joins more.',
      }),
      min_events: setting(integer(1, 1000), '2', {
        env: 'MIN_EVENTS',
        about: 'Fewer related events than this open no incident, unless one of them is conclusive by itself.',
      }),
      rules: optional(text, {
        env: 'RULES',
        about: 'Folder with rules of your own, read beside the shipped ones at start (docs/rules.md).',
        allowed: 'a folder',
      }),
      experience: optional(text, {
        env: 'EXPERIENCE',
        about:
          'What past incidents have taught of your clusters: a file, read beside the shipped one at start (docs/experience.md).',
        allowed: 'a file',
      }),
      lateness: setting(duration('0s', '10m'), '5s', {
        env: 'CORRELATION_LATENESS',
        about: 'How far behind the watermark an event may arrive and still change its window.',
      }),
      horizon: setting(duration('1m', '7d'), '1h', {
        env: 'CORRELATION_HORIZON',
        about:
          'How far before the oldest unfinished event a worker that starts reads the stream again, to know what it knew.',
      }),
      max_bytes: setting(size('16MiB', '64GiB'), '128MiB', {
        env: 'CORRELATION_MAX_BYTES',
        about: 'Memory for events that wait for their window; beyond it the oldest window closes early, and says so.',
      }),
    },
    agent: {
      node: setting(text, hostname(), {
        env: 'NODE_NAME',
        about: 'Name of the node that the agent runs on, as Kubernetes knows it; by default the host name.',
        allowed: 'a node name',
        fallback: null,
      }),
      collectors: setting(list(collectorNames), collectorNames.join(','), {
        env: 'AGENT_COLLECTORS',
        about: 'The sources to watch.',
      }),
      pod_logs: setting(text, '/var/log/pods', {
        env: 'AGENT_POD_LOGS',
        about: 'Folder in which the kubelet keeps the logs of containers.',
        allowed: 'a path',
      }),
      pod_logs_from: setting(choice('end', 'beginning'), 'end', {
        env: 'AGENT_POD_LOGS_FROM',
        about:
          'Where to begin in logs that are there at the very first start; later ones are read whole, and a restart goes on where it was.',
      }),
      host_root: setting(text, '/', {
        env: 'AGENT_HOST_ROOT',
        about: "Below it lie the host's /proc, /sys and /dev, when they are mounted elsewhere in a container.",
        allowed: 'a path',
      }),
      spool_path: setting(text, '.throughline/spool', {
        env: 'AGENT_SPOOL_PATH',
        about: 'Folder for events while the bus is away.',
        allowed: 'a path',
      }),
      spool_bytes: setting(size('1MiB', '1TiB'), '256MiB', {
        env: 'AGENT_SPOOL_BYTES',
        about: 'Most that the spool may hold; beyond it the oldest events are dropped, counted and reported.',
      }),
      port: setting(integer(0, 65535), '9464', {
        env: 'AGENT_PORT',
        about: 'Port of /healthz, /readyz and /metrics of the agent; 0 takes a free one.',
      }),
    },
    ingest: {
      port: setting(integer(0, 65535), '9465', {
        env: 'INGEST_PORT',
        about: 'Port of /healthz, /readyz and /metrics of the ingest worker; 0 takes a free one.',
      }),
    },
    api: {
      host: setting(text, '127.0.0.1', {
        env: 'API_HOST',
        about: 'Address on which the API and the page are served.',
        allowed: 'an address of this host, such as 127.0.0.1 or 0.0.0.0',
      }),
      port: setting(integer(0, 65535), '4000', {
        env: 'API_PORT',
        about: 'Port of the API and the page; 0 takes a free one.',
      }),
      max_depth: setting(integer(1, 100), '15', {
        env: 'API_MAX_DEPTH',
        about: 'Deepest nesting of fields in one operation.',
      }),
      max_aliases: setting(integer(0, 1000), '30', {
        env: 'API_MAX_ALIASES',
        about: 'Most aliases in one operation.',
      }),
      max_cost: setting(integer(1, 10_000_000), '20000', {
        env: 'API_MAX_COST',
        about: 'Most that one operation may cost: a point for every field, times the rows it is asked for.',
      }),
      max_tokens: setting(integer(100, 1_000_000), '4000', {
        env: 'API_MAX_TOKENS',
        about: 'Most tokens in the text of one operation.',
      }),
      max_queue: setting(integer(1, 1_000_000), '1000', {
        env: 'API_MAX_QUEUE',
        about:
          'Most messages that wait for a slow subscriber; beyond it the subscription ends and can be resumed by cursor.',
      }),
    },
  };
}

/** The whole file: parses to {@link Config}, in which keys carry their unit. */
export function configSchema(role: Role) {
  const shapes = sectionShapes(role);
  return z.strictObject({
    log: section(shapes.log),
    telemetry: section(shapes.telemetry),
    cluster: section(shapes.cluster),
    transport: section(shapes.transport),
    nats: section(shapes.nats),
    graph: section(shapes.graph).transform((given) => ({
      store: given.store,
      path: given.path,
      retentionMs: given.retention,
    })),
    neo4j: section(shapes.neo4j),
    correlation: section(shapes.correlation)
      .refine((given) => given.horizon >= given.window, {
        path: ['horizon'],
        params: { allowed: 'at least as long as correlation.window' },
      })
      .transform((given) => ({
        windowMs: given.window,
        minEvents: given.min_events,
        rules: given.rules ?? null,
        experience: given.experience ?? null,
        latenessMs: given.lateness,
        horizonMs: given.horizon,
        maxBytes: given.max_bytes,
      })),
    agent: section(shapes.agent).transform((given) => ({
      node: given.node,
      collectors: given.collectors,
      podLogs: given.pod_logs,
      podLogsFrom: given.pod_logs_from,
      hostRoot: given.host_root,
      spoolPath: given.spool_path,
      spoolBytes: given.spool_bytes,
      port: given.port,
    })),
    ingest: section(shapes.ingest),
    api: section(shapes.api).transform((given) => ({
      host: given.host,
      port: given.port,
      maxDepth: given.max_depth,
      maxAliases: given.max_aliases,
      maxCost: given.max_cost,
      maxTokens: given.max_tokens,
      maxQueue: given.max_queue,
    })),
  });
}

function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((given) => given ?? {}, z.strictObject(shape));
}

/** A value that comes as text (environment, file) or as the YAML scalar of its kind. */
interface Kind<T> {
  readonly allowed: string;
  /** null when the text is not one. */
  parse(given: string): T | null;
}

type About = Omit<SettingInfo, 'allowed' | 'fallback' | 'secret'> & Partial<SettingInfo>;

function setting<T>(kind: Kind<T>, fallback: string, about: About) {
  const info = { allowed: kind.allowed, fallback, secret: false, ...about };
  return leaf(kind).prefault(fallback).register(settingInfo, info);
}

function optional<T>(kind: Kind<T>, about: About) {
  return leaf(kind)
    .nullable()
    .prefault(null)
    .register(settingInfo, { allowed: kind.allowed, fallback: null, secret: false, ...about });
}

function leaf<T>(kind: Kind<T>) {
  const given = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
  return given.transform((value, context): T => {
    const parsed = kind.parse(Array.isArray(value) ? value.join(',') : String(value));
    if (parsed !== null) return parsed;
    context.addIssue({ code: 'custom', message: 'not allowed' });
    return z.NEVER;
  });
}

const text: Kind<string> = { allowed: 'text', parse: (given) => (given.trim() === '' ? null : given) };

function choice<const T extends string>(...names: readonly T[]): Kind<T> {
  const allowed = names.length === 1 ? names[0]! : `one of ${names.join(', ')}`;
  return { allowed, parse: (given) => names.find((name) => name === given) ?? null };
}

function list<const T extends string>(names: readonly T[]): Kind<readonly T[]> {
  return {
    allowed: `a list of ${names.join(', ')}`,
    parse(given) {
      const wanted = given.split(',').map((part) => part.trim());
      const known = names.filter((name) => wanted.includes(name));
      return wanted.every((name) => names.some((other) => other === name)) ? known : null;
    },
  };
}

function pattern(form: RegExp): Kind<string> {
  return { allowed: 'text', parse: (given) => (form.test(given) ? given : null) };
}

function integer(min: number, max: number): Kind<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    parse: (given) => (/^\d+$/.test(given) && Number(given) >= min && Number(given) <= max ? Number(given) : null),
  };
}

function duration(min: string, max: string): Kind<number> {
  return ranged(
    parseDuration,
    min,
    max,
    `a duration from ${min} to ${max} with its unit (ms, s, m, h, d), such as 30s`,
  );
}

function size(min: string, max: string): Kind<number> {
  return ranged(parseSize, min, max, `a size from ${min} to ${max}, such as 64MiB`);
}

function ranged(parse: (given: string) => number | null, min: string, max: string, allowed: string): Kind<number> {
  const [least, most] = [parse(min)!, parse(max)!];
  return {
    allowed,
    parse(given) {
      const value = parse(given);
      return value !== null && value >= least && value <= most ? value : null;
    },
  };
}

function url(protocols: readonly string[]): Kind<string> {
  return {
    allowed: 'a URL',
    parse: (given) => {
      const parts = given.split(',').map((part) => part.trim());
      return parts.every((part) => URL.canParse(part) && protocols.includes(new URL(part).protocol))
        ? parts.join(',')
        : null;
    },
  };
}
