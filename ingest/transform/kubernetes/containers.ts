import type { Category } from '../../../src/model/categories.js';
import { toEpochMs } from '../../../src/model/time.js';
import { containerRef, podContext, type ContainerMemory, type PodMemory, type TransformContext } from '../context.js';
import type { Draft, DraftAttributes } from '../draft.js';
import { classifyPull, registryOf } from './image-pull.js';
import { bareContainerId, type Container, type ContainerStatus, type Terminated } from './kubernetes-objects.js';
import { clause, count, duration, list, size } from '../wording.js';

/** Signals that mean the program itself did something impossible (signal(7)); by number on x86 and arm64 Linux. */
const crashSignals: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  11: 'SIGSEGV',
  31: 'SIGSYS',
};
const otherSignals: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  9: 'SIGKILL',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

export function isCrashSignal(signal: number): boolean {
  return Object.hasOwn(crashSignals, signal);
}

export function signalName(signal: number): string {
  return crashSignals[signal] ?? otherSignals[signal] ?? `signal ${signal}`;
}

/** A container that exits this soon after a probe failure was killed for it by the kubelet: grace period plus slack. */
const probeKillWindowMs = 90_000;
/** A container that has run this long since its last crash has left the loop (the kubelet itself forgets after 10 min). */
const loopSettleMs = 60_000;

export interface ContainerView {
  readonly spec: Container | null;
  readonly status: ContainerStatus;
  readonly init: boolean;
  readonly pod: PodMemory;
  readonly memory: ContainerMemory;
  readonly restartPolicy: string;
  readonly atMs: number;
}

export interface ContainerReading {
  readonly problems: readonly Draft[];
  readonly recheckAtMs: number | null;
}

/** Everything that is wrong with one container now. */
export function readContainer(view: ContainerView, context: TransformContext): ContainerReading {
  const { status, memory, atMs } = view;
  const problems: Draft[] = [];
  const { waiting, terminated, running } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (waiting?.reason) {
    problems.push(...readWaiting(view, waiting.reason, waiting.message ?? '', context));
    if (waiting.reason === 'CrashLoopBackOff') {
      problems.push(crashLoop(view, last, context));
      if (last) push(problems, ended(view, last, context, true));
      if (view.init) problems.push(initFailed(view, last, context));
    }
    return { problems, recheckAtMs: null };
  }
  if (terminated) {
    push(problems, ended(view, terminated, context, false));
    if (view.init && terminated.exitCode !== 0) problems.push(initFailed(view, terminated, context));
    if ((status.restartCount ?? 0) >= 2 && terminated.exitCode !== 0)
      problems.push(crashLoop(view, terminated, context));
    return { problems, recheckAtMs: null };
  }
  if (running && last && (status.restartCount ?? 0) >= 2) {
    // Between two crashes the loop goes on, although the container runs at this moment.
    const settledMs = toEpochMs(running.startedAt ?? '') + loopSettleMs;
    const failed = last.exitCode !== 0 || killedByProbe(memory, last);
    if (failed && atMs < settledMs) {
      problems.push(crashLoop(view, last, context));
      push(problems, ended(view, last, context, true));
      return { problems, recheckAtMs: settledMs };
    }
  }
  return { problems, recheckAtMs: null };
}

function push(drafts: Draft[], draft: Draft | null): void {
  if (draft) drafts.push(draft);
}

/** The end of a container that is still down: one condition over all crashes of a loop, and not told again as an event. */
function ended(view: ContainerView, terminated: Terminated, context: TransformContext, again: boolean): Draft | null {
  view.memory.reportedEnd = endId(terminated);
  const draft = termination(view, terminated, context, again);
  return draft && { ...draft, continues: true, count: Math.max(1, view.status.restartCount ?? 1) };
}

/** The last complaint of a container, when it is from about the time it ended. */
function wordsBefore({ lastWords }: ContainerMemory, finishedMs: number): string | null {
  return lastWords && Math.abs(toEpochMs(lastWords.at) - finishedMs) < 30_000 ? clause(lastWords.text) : null;
}

export function endId(terminated: Terminated): string | null {
  return terminated.containerID ?? terminated.finishedAt ?? null;
}

function base(view: ContainerView, context: TransformContext): Pick<Draft, 'entity' | 'discriminator' | 'context'> {
  const { pod, status } = view;
  return {
    entity: containerRef(context.cluster, pod.namespace, pod.name, status.name),
    discriminator: status.name,
    context: podContext(context.cluster, pod, status.name),
  };
}

function title(view: ContainerView): string {
  return `${view.init ? 'Init container' : 'Container'} ${view.status.name} of pod ${view.pod.name}`;
}

function crashLoop(view: ContainerView, last: Terminated | undefined, context: TransformContext): Draft {
  const restarts = view.status.restartCount ?? 0;
  const how = last ? `, last with ${exitText(last)}${last.reason === 'OOMKilled' ? ' (OOMKilled)' : ''}` : '';
  return {
    ...base(view, context),
    category: 'container.crash-loop',
    message: `${title(view)} ends again and again: ${count(restarts, 'restart')}${how}.`,
    attributes: {
      restartCount: restarts,
      exitCode: last?.exitCode,
      reason: last?.reason,
      lastLog: wordsBefore(view.memory, toEpochMs(last?.finishedAt ?? '')),
    },
  };
}

function initFailed(view: ContainerView, last: Terminated | undefined, context: TransformContext): Draft {
  return {
    ...base(view, context),
    category: 'container.init-failed',
    message: `${title(view)} fails${last ? ` with ${exitText(last)}` : ''}, so the pod cannot start.`,
    attributes: { exitCode: last?.exitCode, lastLog: wordsBefore(view.memory, toEpochMs(last?.finishedAt ?? '')) },
  };
}

/** A container that reaches its limit after less than this needs that much from the start. */
const leakLeastMs = 10 * 60_000;

/**
 * Killed at its limit once more after a long run, and each run about as long as the one before: it does not need too much, it grows.
 * Null for the first such end, and for one that was told before.
 */
export function leak(view: ContainerView, last: Terminated, context: TransformContext): Draft | null {
  if (last.reason !== 'OOMKilled') return null;
  const ranMs = toEpochMs(last.finishedAt ?? '') - toEpochMs(last.startedAt ?? '');
  const { memory, status, pod } = view;
  if (!(ranMs >= leakLeastMs)) {
    memory.oomRuns = [];
    return null;
  }
  const id = endId(last) ?? '';
  if (memory.oomRuns.some((run) => run.id === id)) return null;
  memory.oomRuns = [...memory.oomRuns.slice(-3), { id, ranMs }];
  const runs = memory.oomRuns.map((run) => run.ranMs);
  if (runs.length < 2 || Math.max(...runs) > 2 * Math.min(...runs)) return null;
  return {
    ...base(view, context),
    category: 'container.memory-leak',
    startedAt: last.finishedAt,
    message: `Container ${status.name} of pod ${pod.name} grows until it reaches its memory limit: killed after runs of ${list(runs.map(duration))}.`,
    attributes: { ranMs, runs: runs.length, limitBytes: memory.memoryLimitBytes },
  };
}

function exitText(terminated: Terminated): string {
  const signal = signalOf(terminated);
  return signal === 0 ? `exit code ${terminated.exitCode}` : `${signalName(signal)} (exit code ${terminated.exitCode})`;
}

function signalOf(terminated: Terminated): number {
  if (terminated.signal) return terminated.signal;
  // 128 + n is the shell's and the runtime's way to say "ended by signal n"; 159 is SIGSYS, the highest of the classic ones.
  return terminated.exitCode >= 129 && terminated.exitCode <= 159 ? terminated.exitCode - 128 : 0;
}

export function killedByProbe(memory: ContainerMemory, terminated: Terminated): boolean {
  if (memory.probeFailedMs === null) return false;
  const finishedMs = toEpochMs(terminated.finishedAt ?? '');
  return finishedMs - memory.probeFailedMs < probeKillWindowMs && memory.probeFailedMs - finishedMs < 2000;
}

/** How a container ended, null when that is no problem: a job done, a stop that was asked for. */
export function termination(
  view: ContainerView,
  terminated: Terminated,
  context: TransformContext,
  again: boolean,
): Draft | null {
  const { spec, memory, pod } = view;
  const { exitCode, reason } = terminated;
  const signal = signalOf(terminated);
  const startedMs = toEpochMs(terminated.startedAt ?? '');
  const finishedMs = toEpochMs(terminated.finishedAt ?? '');
  const ranMs = startedMs > 0 && finishedMs >= startedMs ? finishedMs - startedMs : null;
  // Kubernetes keeps whole seconds.
  const after = ranMs === null ? '' : ranMs < 1000 ? ' within a second' : ` after ${duration(ranMs)}`;
  const byProbe = killedByProbe(memory, terminated);
  const lastLog = wordsBefore(memory, finishedMs);
  const attributes: DraftAttributes = {
    exitCode,
    signal: signal || null,
    reason,
    ranMs,
    containerId: bareContainerId(terminated.containerID),
    lastLog,
    killedBy: byProbe ? 'probe' : null,
  };
  const draft = (category: Category, message: string, more: DraftAttributes = {}): Draft => ({
    ...base(view, context),
    category,
    startedAt: finishedMs > 0 ? terminated.finishedAt : null,
    message,
    attributes: { ...attributes, ...more },
  });

  if (reason === 'OOMKilled') {
    const limit = memory.memoryLimitBytes;
    const of = limit === null ? '' : ` of ${size(limit)}`;
    return draft('container.oom-killed', `${title(view)} was killed for exceeding its memory limit${of}${after}.`, {
      limitBytes: limit,
    });
  }
  if (exitCode === 0) {
    if (pod.terminating || byProbe || view.init || view.restartPolicy !== 'Always' || !again) return null;
    return draft(
      'container.completed-early',
      `${title(view)} ends by itself with exit code 0${after}, and is meant to keep running.`,
    );
  }
  if (pod.terminating && (signal === 15 || signal === 9)) return null;
  const message = terminated.message ?? '';
  if (/exec format error/i.test(message)) {
    return draft('image.wrong-platform', `${title(view)} cannot start: its program is built for another platform.`);
  }
  if (/PostStartHook/i.test(`${reason ?? ''} ${message}`)) {
    return draft('container.lifecycle-hook-failed', `${title(view)} was ended because its postStart hook failed.`);
  }
  const notStarted = reason === 'StartError' || reason === 'ContainerCannotRun';
  const command = spec?.command?.[0] ?? spec?.args?.[0] ?? null;
  if (exitCode === 127 || (notStarted && /executable file not found|no such file or directory/i.test(message))) {
    const program = /exec: "([^"]+)"/.exec(message)?.[1] ?? command;
    return draft(
      'container.command-not-found',
      `${title(view)} cannot start: its command${program ? ` ${program}` : ''} does not exist in the image.`,
      { command: program },
    );
  }
  if (exitCode === 126 || (notStarted && /permission denied/i.test(message))) {
    return draft(
      'container.not-executable',
      `${title(view)} cannot start: its command${command ? ` ${command}` : ''} is not executable.`,
      { command },
    );
  }
  if (notStarted) return draft('container.start-failed', `${title(view)} cannot be started: ${clause(message)}.`);
  if (isCrashSignal(signal)) {
    return draft(
      'process.crashed',
      `${title(view)} crashed with ${signalName(signal)} (exit code ${exitCode})${after}.`,
    );
  }
  if (byProbe)
    return draft(
      'container.terminated',
      `${title(view)} was ended by the kubelet because its probe failed (exit code ${exitCode})${after}.`,
    );
  const words = lastLog === null ? '' : `; its last words: ${clause(lastLog, 200)}`;
  return draft('container.terminated', `${title(view)} ended with ${exitText(terminated)}${after}${words}.`);
}

function readWaiting(view: ContainerView, reason: string, message: string, context: TransformContext): Draft[] {
  const image = view.spec?.image ?? view.status.image ?? 'its image';
  const draft = (category: Category, text: string, attributes: DraftAttributes = {}): Draft => ({
    ...base(view, context),
    category,
    message: text,
    attributes: { reason, ...attributes },
  });
  switch (reason) {
    case 'ErrImageNeverPull':
      return [
        draft(
          'image.never-pull',
          `${title(view)} needs image ${image}, which is not on the node, and its pull policy is Never.`,
          { image },
        ),
      ];
    case 'InvalidImageName':
      return [draft('image.invalid-name', `${title(view)} has an image name that is not valid: ${image}.`, { image })];
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'ImageInspectError':
    case 'RegistryUnavailable':
    case 'SignatureValidationFailed': {
      const failure =
        classifyPull(`${reason === 'SignatureValidationFailed' ? 'signature ' : ''}${message}`) ?? view.memory.pull;
      view.memory.pull = failure;
      const category = failure?.category ?? 'image.pull-failed';
      const secret = category === 'image.unauthorized' ? view.memory.pullSecret : null;
      const because =
        secret !== null
          ? `the registry wants credentials, and the pull secret ${secret} does not exist`
          : failure
            ? failure.because
            : clause(message) || 'the pull fails';
      return [
        draft(category, `${title(view)} cannot get image ${image}: ${because}.`, {
          image,
          registry: registryOf(image),
          error: clause(message),
          missing: secret === null ? null : `Secret/${secret}`,
        }),
      ];
    }
    case 'CreateContainerConfigError':
      return [configError(view, message, draft)];
    case 'CreateContainerError':
    case 'RunContainerError':
    case 'StartError':
    case 'RunInitContainerError':
      if (/executable file not found|no such file or directory/i.test(message)) {
        const program = /exec: "([^"]+)"/.exec(message)?.[1];
        return [
          draft(
            'container.command-not-found',
            `${title(view)} cannot start: its command${program ? ` ${program}` : ''} does not exist in the image.`,
            { command: program },
          ),
        ];
      }
      if (/exec format error/i.test(message))
        return [
          draft('image.wrong-platform', `${title(view)} cannot start: image ${image} is built for another platform.`, {
            image,
          }),
        ];
      if (/context deadline exceeded|is reserved for/i.test(message))
        return [
          draft(
            'container.create-timeout',
            `${title(view)} is not created in time by the container runtime of its node: ${clause(message)}.`,
          ),
        ];
      if (/permission denied/i.test(message))
        return [draft('container.not-executable', `${title(view)} cannot start: its command is not executable.`)];
      return [draft('container.start-failed', `${title(view)} cannot be started: ${clause(message) || reason}.`)];
    case 'PostStartHookError':
      return [
        draft(
          'container.lifecycle-hook-failed',
          `${title(view)} does not start because its postStart hook fails: ${clause(message)}.`,
        ),
      ];
    default:
      // ContainerCreating, PodInitializing and CrashLoopBackOff are stages, not causes.
      return [];
  }
}

function configError(
  view: ContainerView,
  message: string,
  draft: (category: Category, text: string, attributes?: DraftAttributes) => Draft,
): Draft {
  const key = /couldn't find key (\S+) in (ConfigMap|Secret) ([^/\s]+)\/([^\s,]+)/i.exec(message);
  if (key) {
    const [, name, kind, , object] = key;
    return draft('config.key-missing', `${title(view)} cannot start: ${kind!} ${object!} has no key ${name!}.`, {
      missing: `${kind!}/${object!}`,
      missingKind: kind,
      missingName: object,
      key: name,
    });
  }
  const missing = /(configmap|secret) "([^"]+)" not found/i.exec(message);
  if (missing) {
    const kind = missing[1]!.toLowerCase() === 'secret' ? 'Secret' : 'ConfigMap';
    return draft('config.object-missing', `${title(view)} cannot start: ${kind} ${missing[2]!} does not exist.`, {
      missing: `${kind}/${missing[2]!}`,
      missingKind: kind,
      missingName: missing[2],
    });
  }
  if (/runAsNonRoot|non-numeric user|run as root/i.test(message)) {
    return draft(
      'container.run-as-non-root',
      `${title(view)} may not run as root, but its image does: ${clause(message)}.`,
    );
  }
  return draft('container.start-failed', `${title(view)} cannot be created: ${clause(message)}.`);
}
