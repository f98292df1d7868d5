import { entityRef } from '../../../src/model/entity.js';
import type { PodMemory, TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import type { Observed } from '../interpretation.js';
import { each, type Pod } from './kubernetes-objects.js';

/** Images remembered; beyond, the one that was learned first is forgotten. */
const maxDigests = 10_000;

/**
 * A tag that stands for another image than it did for the pods before: nobody changed the workload, and its new pods run other code. Only
 * images by tag, of one revision of one workload, whose runtime names the digest of the repository (`repo@sha256:…`).
 */
export function movedTags({ object, k8s }: Observed<Pod>, pod: PodMemory, context: TransformContext): Draft[] {
  const { workload } = pod;
  if (workload === null) return [];
  const revision = pod.labels['pod-template-hash'] ?? pod.labels['controller-revision-hash'] ?? '';
  return each(object.status?.containerStatuses).flatMap(({ name, imageID }): Draft[] => {
    const image = each(object.spec?.containers).find((container) => container.name === name)?.image ?? '';
    const digest = /@(sha256:[0-9a-f]{64})$/.exec(imageID ?? '')?.[1];
    if (digest === undefined || image === '' || image.includes('@')) return [];
    const key = [pod.namespace, workload.kind, workload.name, revision, name, image].join('|');
    const before = context.digests.get(key);
    if (before === digest) return [];
    context.digests.set(key, digest);
    if (context.digests.size > maxDigests) context.digests.delete(context.digests.keys().next().value!);
    if (before === undefined) return [];
    return [
      {
        category: 'change.image',
        entity: entityRef(context.cluster, workload.kind, pod.namespace, workload.name),
        discriminator: `${key} ${digest}`,
        context: { ...k8s, container: name },
        message: `Tag ${image} of container ${name} in ${workload.kind} ${workload.name} now stands for another image (digest ${short(digest)}, before ${short(before)}): pod ${pod.name} runs other code than its siblings.`,
        attributes: { container: name, image, from: before, to: digest, tagMoved: true },
      },
    ];
  });
}

function short(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
