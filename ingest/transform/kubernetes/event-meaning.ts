import { entityRef } from '../../../src/model/entity.js';
import type { PodMemory } from '../context.js';
import type { Draft } from '../draft.js';
import { evictionDraft, gracePeriodDraft, rejection } from './pod-ends.js';
import { creationDraft } from './workloads.js';
import { clause, size } from '../wording.js';
import { selectorFight, verticalEviction } from './workload-conflicts.js';

import { about, containerOf, entityOf, type Hint } from './event-hint.js';
import {
  kernelComplaint,
  noteProbeKill,
  preemption,
  probeFailure,
  pullFailure,
  scaleUpRefused,
  volumeFailure,
} from './event-failures.js';

/** What is wrong by an Event's reason and words; null for what is not wrong, or is said better by an object's status. */
export function interpret(hint: Hint): Draft | null {
  const { reason, message, involved, context, pod, k8s } = hint;
  const text = clause(message);
  const draft = (category: Draft['category'], sentence: string, more: Partial<Draft> = {}): Draft => ({
    category,
    entity: involved,
    context: k8s,
    message: sentence,
    ...more,
  });
  const name = `${involved.kind} ${involved.name}`;

  switch (reason) {
    case 'Unhealthy':
      return probeFailure(hint);
    case 'Killing':
      noteProbeKill(hint);
      return null;
    case 'FailedMount':
    case 'FailedMapVolume':
    case 'FailedAttachVolume':
      return volumeFailure(hint);
    case 'FailedCreatePodSandBox':
    case 'FailedCreatePodContainer':
      if (/RuntimeClass|no runtime for/i.test(message))
        return draft('admission.runtimeclass-missing', `Pod ${involved.name} cannot start: ${text}.`);
      if (noAddress.test(message) && pod?.node)
        return draft(
          'node.pod-ips-exhausted',
          `No address is left for pod ${involved.name} on node ${pod.node}: ${text}.`,
          {
            entity: entityRef(context.cluster, 'Node', null, pod.node),
            discriminator: involved.name,
            attributes: { error: text },
          },
        );
      if (oomAtStart.test(message)) {
        const limitBytes = smallestLimit(pod);
        return draft(
          'container.oom-killed',
          `Pod ${involved.name} cannot start: its first process was killed for exceeding its memory limit${limitBytes === null ? '' : ` of ${size(limitBytes)}`}.`,
          { attributes: { limitBytes, error: text } },
        );
      }
      return draft('pod.sandbox-failed', `The sandbox of pod ${involved.name} cannot be created: ${text}.`, {
        attributes: { error: text },
      });
    case 'SandboxChanged': {
      // Once, after a node or its runtime was restarted, is as it should be.
      const times = hint.event.series?.count ?? hint.event.count ?? 1;
      return times < 3
        ? null
        : draft(
            'pod.sandbox-changed',
            `The sandbox of pod ${involved.name} is lost and made again, ${times} times so far.`,
            {
              attributes: { times },
            },
          );
    }
    case 'Failed':
    case 'FailedToRetrieveImagePullSecret':
      return pullFailure(hint);
    case 'NetworkNotReady':
      return draft(
        'pod.sandbox-failed',
        `Pod ${involved.name} cannot start because the network of its node is not ready.`,
        { attributes: { error: text } },
      );
    case 'FailedPostStartHook':
    case 'FailedPreStopHook': {
      const hook = reason === 'FailedPostStartHook' ? 'postStart' : 'preStop';
      const container = containerOf(hint);
      return draft(
        'container.lifecycle-hook-failed',
        `The ${hook} hook${container ? ` of container ${container}` : ''} of pod ${involved.name} failed: ${text}.`,
        { entity: entityOf(hint), discriminator: hook, attributes: { hook } },
      );
    }
    case 'Evicted':
      // A pod that is seen has the same in its status; this is for those that are gone before.
      return pod?.disrupted ? null : evictionDraft(involved, involved.name, message, 'evicted', k8s, null);
    case 'Preempted':
      return preemption(hint);
    case 'TaintManagerEviction':
      return /Cancelling/.test(message)
        ? null
        : draft(
            'pod.evicted',
            `Pod ${involved.name} is removed from its node because of a taint it does not tolerate.`,
            { attributes: { resource: 'taint' } },
          );
    case 'FailedCreate':
      // ReplicaSets keep the refusal in their status.
      return involved.kind === 'ReplicaSet' || involved.kind === 'Deployment'
        ? null
        : creationDraft(involved, involved.name, message, null, { ...k8s, workload: involved.name }, context);
    case 'SystemOOM':
      return draft('node.out-of-memory', `Node ${involved.name} ran out of memory: ${text}.`, {
        attributes: { victim: /victim process: ([^,]+)/.exec(message)?.[1] },
      });
    case 'Rebooted':
      return draft('node.rebooted', `Node ${involved.name} was rebooted.`);
    case 'NodeShutdown':
      return draft('node.shutdown', `Node ${involved.name} is being shut down: ${text}.`);
    case 'CIDRNotAvailable':
      return draft('node.pod-ips-exhausted', `No range of pod addresses is left for node ${involved.name}: ${text}.`, {
        attributes: { error: text },
      });
    case 'ContainerGCFailed':
    case 'ImageGCFailed':
    case 'FreeDiskSpaceFailed':
    case 'EvictionThresholdMet':
      return /memory/i.test(message) && reason === 'EvictionThresholdMet'
        ? draft('node.memory-pressure', `Node ${involved.name} begins to evict pods: ${text}.`)
        : reason === 'ContainerGCFailed'
          ? null
          : draft('node.disk-pressure', `Node ${involved.name} is short of disk space: ${text}.`);
    case 'MissSchedule':
    case 'FailedNeedsStart':
    case 'TooManyMissedTimes':
      return draft('cronjob.missed', `CronJob ${involved.name} has missed its schedule: ${text}.`);
    case 'UnparseableSchedule':
    case 'InvalidSchedule':
    case 'UnknownTimeZone':
    case 'UnParseableCronJobSchedule':
      return draft('cronjob.invalid-schedule', `CronJob ${involved.name} cannot be scheduled: ${text}.`);
    case 'FailedGetScale':
      return draft('hpa.target-missing', `Autoscaler ${involved.name} cannot find what it scales: ${text}.`);
    case 'SyncLoadBalancerFailed':
      return draft(
        'service.load-balancer-failed',
        `The load balancer of Service ${involved.name} cannot be set up: ${text}.`,
      );
    case 'VolumeResizeFailed':
    case 'FileSystemResizeFailed':
      return draft('volume.resize-failed', `The volume of ${name} cannot be resized: ${text}.`);
    case 'VolumeFailedDelete':
      return draft('pvc.provisioning-failed', `${name}: ${text}.`);
    case 'SnapshotContentCreationFailed':
    case 'SnapshotCreationFailed':
    case 'SnapshotContentMissing':
      return involved.kind === 'VolumeSnapshot'
        ? draft('snapshot.failed', `Snapshot ${involved.name} cannot be made: ${text}.`, {
            attributes: { error: text },
          })
        : null;
    case 'ExceededGracePeriod':
      return gracePeriodDraft(involved, containerOf(hint), k8s, null, null);
    case 'JobAlreadyActive':
      // One skipped run is what `Forbid` asks for; run after run says that a Job hangs.
      return (hint.event.series?.count ?? hint.event.count ?? 1) < 3
        ? null
        : draft(
            'cronjob.blocked',
            `CronJob ${involved.name} skips run after run because the Job before does not end: ${text}.`,
            { attributes: { skipped: hint.event.series?.count ?? hint.event.count } },
          );
    case 'EvictedByVPA':
    case 'EvictedPod':
      return pod ? verticalEviction(pod, k8s, hint.atMs, context) : null;
    case 'SuccessfulCreate':
    case 'SuccessfulDelete': {
      const owner = about(hint);
      return selectorFight(
        reason === 'SuccessfulCreate' ? 'created' : 'deleted',
        owner.kind,
        owner.name,
        k8s,
        hint.atMs,
        context,
      );
    }
    case 'FailedKillPod':
      return draft('pod.stuck-terminating', `Pod ${involved.name} cannot be ended by its kubelet: ${text}.`, {
        attributes: { error: text },
      });
    case 'NotTriggerScaleUp':
    case 'NoScaleUp':
      return scaleUpRefused(hint);
    case 'InsufficientCapacityError':
      return draft('scheduling.no-scale-up', `No machine is to be had for ${name}: ${text}.`, {
        attributes: { reason: 'insufficient capacity', error: text },
      });
    default:
      // What these say stands in the object's own status, better; but for a node's problem daemon, which quotes the kernel.
      if (involved.kind === 'Node') return kernelComplaint(hint);
      // A pod that its node rejects may be gone before it is seen.
      return involved.kind === 'Pod' ? rejection(involved, reason, message, k8s) : null;
  }
}

/** runc's words for a limit that leaves no room for the container's first process. */
const oomAtStart = /container init was OOM-killed/i;

function smallestLimit(pod: PodMemory | null): number | null {
  const limits = [...(pod?.containers.values() ?? [])].flatMap(({ memoryLimitBytes }) => memoryLimitBytes ?? []);
  return limits.length === 0 ? null : Math.min(...limits);
}

/** How the IPAM of AWS, host-local, Calico, Azure and Cilium say that they have no address left. */
const noAddress =
  /failed to assign an IP address to container|no IP addresses available in range|[Nn]o (?:more )?(?:IPs|addresses|free (?:affine blocks|IPs?)) (?:are |is )?(?:available|left)?|IP ?AM.*exhausted|no available (?:IP )?addresses|Insufficient(?:Free)?(?:Cidr|IP|Addresses)|range is full/i;
