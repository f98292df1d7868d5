import type { Category } from '../../src/model/categories.js';
import { entityRef, type EntityRef } from '../../src/model/entity.js';
import type { EntityFinding, Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { JournalEntry, UnitState } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { toEpochMs } from '../../src/model/time.js';
import { journalTexts, type JournalText } from '../detect/journal-texts.js';
import { createLogRates, type LogBurst } from '../detect/log-rates.js';
import { containerRef, noContext, podContext, type PodMemory, type TransformContext } from './context.js';
import { controlPlaneRef } from './kubernetes/control-plane.js';
import { eventFrom, type Draft } from './draft.js';
import type { Scheduler } from './schedule.js';
import { clause } from './wording.js';

export type JournalUpdate = { readonly of: 'journal'; readonly key: string };

export interface JournalReader {
  /** type `systemd`: entries of a node's journal and states of its units. */
  read(event: RawEvent): Finding[];
  update(key: string, at: string): Finding[];
}

interface About {
  readonly draft: Draft;
  readonly id: string;
}

/** systemd gives up after five starts in ten seconds by default; a third start in a row is no hiccup any more. */
const restartsOfLoop = 3;
/** Lines that only count in numbers (JournalText.least) are one series while none is further from the next than this. */
const seriesGapMs = 10 * 60_000;
const maxSeries = 1_000;

const unitKinds: readonly (readonly [RegExp, Category, string])[] = [
  [/^(?:kubelet|k3s|k3s-agent|rke2-agent|rke2-server|k0sworker)$/, 'node.kubelet-down', 'kubelet'],
  [/^(?:containerd|crio|cri-o|docker)$/, 'node.runtime-down', 'container runtime'],
  [/^kube-proxy$/, 'node.agent-down', 'service proxy'],
  [/^kube-scheduler$/, 'scheduler.down', 'scheduler'],
  [/^kube-controller-manager$/, 'controller-manager.down', 'controller manager'],
  [/^kube-apiserver$/, 'apiserver.down', 'API server'],
];

/** Cheap first look: no row of the table is in a line that fails it. */
const suspicious =
  /panic|read-?only|error|corrupt|[Ss]hut|not responding|timed? ?out|blocked|stuck|stall|lockup|LOCKUP|BUG|Oops|full|down|Down|hardware|[Mm]achine check|EDAC|ncorrect|unregister|throttled|out of memory|orphaned|overflow|uplicate|conflict|x509|expired|rotate|manifest|inotify|fsnotify|watch|layer|overlay2|digest|unpack|extract|clock|time step|reboot|power|Reached/;

export function createJournalReader(context: TransformContext, schedule: Scheduler<JournalUpdate>): JournalReader {
  const { cluster } = context;
  const rates = createLogRates<About>({
    schedule: (key, dueMs) => schedule.set(`journal ${key}`, dueMs, { of: 'journal', key }),
  });
  const series = new Map<string, { count: number; lastMs: number }>();
  /** What a unit said last that sounded like trouble, by node and unit: why it ended. */
  const lastWords = new Map<string, string>();
  /** Containers that the kernel named in the line before the one that says who died, by node and pid. */
  const condemned = new Map<
    string,
    { readonly pod: PodMemory | null; readonly container: string | null; readonly whole: boolean }
  >();
  /** Since when a unit is in the state that it is in now. */
  const unitSince = new Map<string, { readonly state: string; readonly at: string }>();

  function read(event: RawEvent): Finding[] {
    const { node } = event.metadata;
    if (node === undefined) return [];
    return event.data.kind === 'unit' ? [unit(event, node)] : event.data.kind === 'entry' ? entry(event, node) : [];
  }

  function unit(event: RawEvent, node: string): EntityFinding {
    const state = event.data as unknown as UnitState;
    const entity = entityRef(cluster, 'SystemdUnit', null, `${node}/${state.unit}`);
    const host = nodeRef(node);
    const name = bareUnit(state.unit);
    const { activeState } = state;
    const kind = unitKinds.find(([pattern]) => pattern.test(name));
    const before = unitSince.get(entity.id);
    const since = before?.state === activeState ? before.at : event.timestamp;
    unitSince.set(entity.id, { state: activeState, at: since });
    const down = activeState === 'failed' || (activeState === 'inactive' && kind !== undefined);
    const said = lastWords.get(`${node} ${name}`);
    const why = state.message ?? said ?? null;
    const draft: Draft = {
      category: kind?.[1] ?? 'node.unit-failed',
      entity: host,
      context: { ...noContext(cluster), node },
      discriminator: state.unit,
      message: `${capital(kind?.[2] ?? 'unit')} ${state.unit} of node ${node} ${activeState === 'failed' ? 'has failed' : 'is stopped'}${why === null ? '' : `: ${clause(why, 200)}`}.`,
      attributes: { unit: state.unit, agent: name, activeState, subState: state.subState, lastLog: said ?? null },
    };
    return {
      kind: 'entity',
      at: event.timestamp,
      entity,
      deleted: false,
      createdAt: null,
      labels: {},
      facts: { activeState, ...(state.subState === null ? {} : { subState: state.subState }) },
      selector: null,
      relations: [{ type: 'RUNS_ON', from: entity.id, to: host.id }],
      problems: down
        ? [
            eventFrom(
              { ...draft, lastSeen: event.timestamp },
              'systemd',
              since,
              contentId(entity.id, draft.category, since),
            ),
          ]
        : [],
    };
  }

  function entry(event: RawEvent, node: string): Finding[] {
    const line = event.data as unknown as JournalEntry;
    const kernel = line.identifier === 'kernel';
    const name = bareUnit(line.unit ?? line.identifier ?? '');
    if (kernel) {
      const placed = ofContainer(node, line.message);
      if (placed !== undefined) return placed === null ? [] : burst(event, node, 'container', placed);
    } else {
      const looping = loop(line.message);
      if (looping !== null)
        return looping.failed ? burst(event, node, looping.unit, looped(node, looping, line.message)) : [];
      if ((line.priority !== null && line.priority <= 3) || /^[EF]\d{4} |level=(?:error|fatal)/.test(line.message))
        lastWords.set(`${node} ${name}`, clause(line.message, 300));
    }
    if (!suspicious.test(line.message)) return [];
    for (const row of journalTexts) {
      if (row.from === 'kernel' ? !kernel : !row.from.test(kernel ? 'kernel' : name)) continue;
      const found = row.pattern.exec(line.message);
      if (!found) continue;
      const draft = drafted(node, row, found.groups ?? {}, line.message);
      return often(`${node} ${row.pattern.source}`, row.least ?? 1, event.timestamp)
        ? burst(event, node, 'line', draft)
        : [];
    }
    return [];
  }

  function drafted(node: string, row: JournalText, groups: JournalGroups, message: string): Draft {
    const attributes: Record<string, string | number> = {};
    for (const [key, value] of Object.entries(groups)) {
      if (value !== undefined) attributes[key] = /Seconds$|^(?:cpu|pid|port|usage)$/.test(key) ? Number(value) : value;
    }
    const device = groups.device ?? groups.buffer ?? groups.nvme ?? groups.ata ?? groups.xfs;
    return {
      category: row.category,
      entity: nodeRef(node),
      context: { ...noContext(cluster), node },
      discriminator: device ?? groups.interface ?? groups.down ?? groups.server ?? '',
      message: `Node ${node} ${row.says(groups)}.`,
      attributes: {
        ...attributes,
        device: device ?? null,
        line: clause(message, 300),
        victim: componentIn(groups.file),
      },
    };
  }

  /** A static pod's manifest is named for the part of the control plane that it runs. */
  function componentIn(file: string | undefined): string | null {
    const name = /([\w-]+)\.\w+$/.exec(file ?? '')?.[1];
    return name === undefined ? null : controlPlaneRef(cluster, name).id;
  }

  /** Lines of one kind are one event whose count grows; the container's or node's name tells them apart. */
  function burst(event: RawEvent, node: string, what: string, draft: Draft): Finding[] {
    const key = `${node} ${draft.entity.id} ${draft.category} ${what} ${draft.discriminator ?? ''}`;
    const told = rates.seen(key, event.timestamp, () => ({ draft, id: contentId(key, event.timestamp) }));
    return told ? [finding(told, event.timestamp)] : [];
  }

  function finding({ about, count, firstSeen, lastSeen }: LogBurst<About>, at: string): Finding {
    return { kind: 'event', at, event: eventFrom({ ...about.draft, count, lastSeen }, 'systemd', firstSeen, about.id) };
  }

  function often(key: string, least: number, at: string): boolean {
    if (least === 1) return true;
    const atMs = toEpochMs(at);
    const before = series.get(key);
    const count = before && atMs - before.lastMs <= seriesGapMs ? before.count + 1 : 1;
    series.delete(key);
    series.set(key, { count, lastMs: atMs });
    if (series.size > maxSeries) series.delete(series.keys().next().value!);
    return count >= least;
  }

  function looped(node: string, { unit: name, restarts }: Loop, message: string): Draft {
    const [, category, title] = unitKinds.find(([pattern]) => pattern.test(name))!;
    const said = lastWords.get(`${node} ${name}`) ?? null;
    const how = restarts === null ? 'cannot be started' : `is restarted again and again (${restarts} times)`;
    return {
      category,
      entity: nodeRef(node),
      context: { ...noContext(cluster), node },
      discriminator: 'loop',
      message: `The ${title} of node ${node} ${how}${said === null ? '' : `; it says: ${said}`}.`,
      attributes: { unit: `${name}.service`, restarts, lastLog: said, line: clause(message, 300) },
    };
  }

  /**
   * What the kernel says of one container rather than of the node: undefined when it says nothing of the kind, null when more has to
   * be heard.
   */
  function ofContainer(node: string, message: string): Draft | null | undefined {
    const chosen = /oom-kill:constraint=(\w+),.*task_memcg=([^,]+),task=[^,]*,pid=(\d+)/.exec(message);
    if (chosen) {
      condemned.set(`${node} ${chosen[3]!}`, { ...containerOf(chosen[2]!), whole: chosen[1] !== 'CONSTRAINT_MEMCG' });
      if (condemned.size > maxSeries) condemned.delete(condemned.keys().next().value!);
      return null;
    }
    const killed =
      /(?:(Memory cgroup out of memory|Out of memory): )?Killed process (\d+) \(([^)]+)\).*?anon-rss:(\d+)kB/.exec(
        message,
      );
    if (killed) return oom(node, killed);
    const forks = /fork rejected by pids controller in (\S+)/.exec(message);
    if (forks) {
      const { pod, container } = containerOf(forks[1]!);
      return placed(
        node,
        pod,
        container,
        'app.process-limit',
        'may start no more processes: its limit of process ids is reached',
        {
          error: 'EAGAIN',
        },
      );
    }
    const flood = /[Pp]ossible SYN flooding on port (?:\S+:)?(\d+)/.exec(message);
    if (flood) {
      const port = Number(flood[1]);
      const listening = [...context.podsByUid.values()].filter(
        (pod) => pod.node === node && [...pod.containers.values()].some(({ ports }) => ports.includes(port)),
      );
      const only = listening.length === 1 ? listening[0]! : null;
      return placed(
        node,
        only,
        null,
        'app.accept-queue-full',
        `does not accept connections on port ${port} as fast as they come`,
        { port },
      );
    }
    return undefined;
  }

  function oom(node: string, [, whose, pid, comm, rss]: RegExpExecArray): Draft {
    const place = condemned.get(`${node} ${pid!}`);
    condemned.delete(`${node} ${pid!}`);
    const pod = place?.pod ?? null;
    const container = place?.container ?? null;
    const rssBytes = Number(rss) * 1024;
    const limitBytes = container === null ? null : (pod?.containers.get(container)?.memoryLimitBytes ?? null);
    const ofNode = place?.whole ?? whose === 'Out of memory';
    return {
      ...placed(
        node,
        pod,
        container,
        ofNode ? 'node.out-of-memory' : container === null ? 'process.oom-killed' : 'container.oom-killed',
        `has its process ${comm ?? '?'} (pid ${pid!}) killed by the kernel for lack of memory`,
        {
          pid: Number(pid),
          comm: comm ?? null,
          rssBytes,
          limitBytes,
          exitCode: ofNode ? null : 137,
          signal: 9,
          witness: 'kernel-log',
        },
      ),
      ...(ofNode ? { entity: nodeRef(node) } : {}),
    };
  }

  function placed(
    node: string,
    pod: PodMemory | null,
    container: string | null,
    category: Category,
    does: string,
    attributes: Record<string, string | number | null>,
  ): Draft {
    const who =
      pod === null
        ? `Node ${node}`
        : container === null
          ? `Pod ${pod.name}`
          : `Container ${container} of pod ${pod.name}`;
    return {
      category,
      entity:
        pod === null
          ? nodeRef(node)
          : container === null
            ? entityRef(cluster, 'Pod', pod.namespace, pod.name, pod.uid)
            : containerRef(cluster, pod.namespace, pod.name, container),
      context: pod === null ? { ...noContext(cluster), node } : podContext(cluster, pod, container),
      discriminator: String(attributes.pid ?? attributes.port ?? ''),
      message: `${who} ${does}.`,
      attributes,
    };
  }

  /** The pod and container that a cgroup path names, by container id, else by pod uid. */
  function containerOf(cgroup: string): { readonly pod: PodMemory | null; readonly container: string | null } {
    const id = /([0-9a-f]{64})/.exec(cgroup)?.[1];
    const known = id === undefined ? undefined : context.containers.get(id);
    if (known) return { pod: known.pod, container: known.container };
    const uid = /pod([0-9a-f]{8}[-_][0-9a-f_-]{27})/.exec(cgroup)?.[1]?.replaceAll('_', '-');
    return { pod: (uid === undefined ? undefined : context.podsByUid.get(uid)) ?? null, container: null };
  }

  function nodeRef(node: string): EntityRef {
    return entityRef(cluster, 'Node', null, node);
  }

  return {
    read,
    update(key, at) {
      const told = rates.due(key, at);
      return told ? [finding(told, at)] : [];
    },
  };
}

type JournalGroups = Readonly<Record<string, string | undefined>>;

interface Loop {
  readonly unit: string;
  readonly restarts: number | null;
  readonly failed: boolean;
}

/** systemd's own lines about the kubelet or the container runtime: null when it is about neither. */
function loop(message: string): Loop | null {
  const found =
    /^(?<unit>[\w@.-]+)\.service: (?:Scheduled restart job, restart counter is at (?<restarts>\d+)|Start request repeated too quickly|Failed with result 'start-limit-hit')/.exec(
      message,
    )?.groups;
  if (!found || !unitKinds.some(([pattern]) => pattern.test(found.unit!))) return null;
  const restarts = found.restarts === undefined ? null : Number(found.restarts);
  return { unit: found.unit!, restarts, failed: restarts === null || restarts >= restartsOfLoop };
}

function bareUnit(unit: string): string {
  return unit.replace(/\.service$/, '');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
