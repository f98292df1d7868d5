import { categoryInfo, type Category } from '../src/model/categories.js';
import type { Story } from './correlate/story.js';
import type { Inventory } from './inventory.js';
import type { Problem } from './problems.js';

/** Kinds that run something themselves. */
const runs = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Pod']);

/**
 * The name of what is wrong. A change at the root has become a fault; an end, an error or a restart that nothing explains is called by
 * the state it led to on the same thing; too little certainty is no answer.
 */
export function conclude(root: Problem, story: Story, inventory: Inventory, confidenceFloor: number): Category {
  if (/^change\.(?:image|restart|deploy|risky-deploy)$/.test(root.category)) return 'change.bad-release';
  if (root.category === 'change.deleted' && inventory.ref(root.unit).kind === 'Service') return 'service.deleted';
  if (root.category === 'change.deleted' && inventory.ref(root.unit).kind === 'Namespace') return 'namespace.deleted';
  const led = ledTo(root, story, inventory);
  if (led) return led;
  if (root.category === 'change.config') return 'change.bad-config';
  if (root.category === 'change.spec' || root.category === 'change.created') return 'change.bad-release';
  if (story.confidence < confidenceFloor) return 'unknown';
  if (/^(container\.(terminated|restarted)|log\.(error|exception|fatal)|pod\.failed)$/.test(root.category)) {
    const verdict = story.members.find(
      ({ unit, category }) =>
        unit === root.unit &&
        /^(container\.crash-loop|job\.(backoff-limit|deadline)-exceeded|helm\.hook-failed)$/.test(category),
    );
    if (verdict) return verdict.category;
  }
  return root.category;
}

/**
 * A change of something that runs nothing itself (a RoleBinding taken away, a certificate replaced, a ConfigMap deleted) is called by the
 * fault with a name that it led to; a ConfigMap or Secret whose new content fails its readers in other ways is a bad configuration.
 */
function ledTo(root: Problem, story: Story, inventory: Inventory): Category | null {
  if (!root.category.startsWith('change.') || runs.has(inventory.ref(root.unit).kind)) return null;
  const named =
    root.category === 'change.config'
      ? /^tls\./
      : /^(tls|rbac|config|pvc|admission|scheduling|network|service|dns|crd)\./;
  const direct = story.edges.filter(({ cause }) => cause === root).map(({ effect }) => effect.category);
  return direct.find((category) => named.test(category) && categoryInfo(category).conclusive) ?? null;
}
