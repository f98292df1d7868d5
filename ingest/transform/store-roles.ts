import type { Draft } from './draft.js';
import type { Observed } from './interpretation.js';

/** Labels by which operators of databases mark the primary: Patroni and Zalando, CloudNativePG, Crunchy, Percona, KubeBlocks, Redis operators. */
const roleLabel =
  /^metadata\.labels\.(?:role|spilo-role|cnpg\.io\/instanceRole|postgres-operator\.crunchydata\.com\/role|kubeblocks\.io\/role|redis-role|mysql\.oracle\.com\/cluster-role|app\.kubernetes\.io\/role)$/;
const primary = /^"(?:master|primary|leader|PRIMARY)"$/;

/** A replica became the primary: the moment at which clients of the old one fail. */
export function failedOver({ entity, k8s, changes, object }: Observed): Draft[] {
  const change = changes.find(
    ({ path, from, to }) => roleLabel.test(path) && from !== null && to !== null && primary.test(to),
  );
  if (change === undefined) return [];
  return [
    {
      category: 'db.failover',
      entity,
      context: k8s,
      discriminator: object.metadata.resourceVersion ?? '',
      message: `Pod ${entity.name} is the primary now; it was a ${JSON.parse(change.from!) as string} before.`,
      attributes: { to: entity.name },
    },
  ];
}
