import type { KubernetesObject } from '../../../src/model/payloads.js';
import {
  createdAt,
  endpointSlice,
  lease,
  node,
  object,
  podOf,
  replicaSet,
  service,
  workload,
  type WorkloadParts,
} from './objects.js';

/**
 * frontend → cart → cache; frontend → catalog → db; frontend → checkout → payment, cart; behind an Ingress. Two nodes; each
 * Deployment has a pod `-a` on n1 and a pod `-b` on n2. Everything is well.
 */
export function shop(): KubernetesObject[] {
  const things: KubernetesObject[] = [];
  const add = (thing: KubernetesObject): KubernetesObject => {
    things.push(thing);
    return thing;
  };
  let address = 10;

  function deploy(parts: WorkloadParts & { readonly clusterIP: string; readonly serviceName?: string }): void {
    const { name, namespace = 'shop', port = 8080, clusterIP, serviceName = name } = parts;
    const owner = add(workload(parts));
    const set = parts.kind === 'StatefulSet' ? owner : add(replicaSet(owner, '5f7b9', parts.replicas ?? 2));
    const suffixes = Array.from({ length: parts.replicas ?? 2 }, (_, index) => index);
    const pods = suffixes.map((index) =>
      add(
        podOf(set, {
          name: parts.kind === 'StatefulSet' ? `${name}-${index}` : `${set.metadata.name}-${'abcd'[index]!}`,
          node: index % 2 === 0 ? 'n1' : 'n2',
          ip: `10.244.${1 + (index % 2)}.${++address}`,
          at: createdAt,
        }),
      ),
    );
    const selecting = add(service(serviceName, namespace, port, clusterIP, { selector: { app: name } }));
    const slice = endpointSlice(selecting, port);
    add({
      ...slice,
      endpoints: pods.map(({ metadata, spec, status }) => ({
        addresses: [(status as { readonly podIP: string }).podIP],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: (spec as { readonly nodeName: string }).nodeName,
        targetRef: { kind: 'Pod', name: metadata.name, namespace, uid: metadata.uid },
      })),
    });
  }

  add(node('n1', '192.168.0.11'));
  add(node('n2', '192.168.0.12'));
  for (const name of ['n1', 'n2']) add(lease(name, 'kube-node-lease', name, '2026-11-24T09:59:58.000000Z'));
  for (const name of ['shop', 'kube-system', 'default']) {
    add(object('v1', 'Namespace', null, name, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }));
    add(object('v1', 'ServiceAccount', name, 'default'));
  }
  add(object('storage.k8s.io/v1', 'StorageClass', null, 'standard', { provisioner: 'ebs.csi.aws.com' }));
  add(
    object('v1', 'PersistentVolume', null, 'pv-db', {
      spec: {
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'standard',
        claimRef: { namespace: 'shop', name: 'data-db-0' },
      },
      status: { phase: 'Bound' },
    }),
  );
  add(
    object('v1', 'PersistentVolumeClaim', 'shop', 'data-db-0', {
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'standard',
        volumeName: 'pv-db',
        resources: { requests: { storage: '10Gi' } },
      },
      status: { phase: 'Bound', capacity: { storage: '10Gi' } },
    }),
  );
  add(object('v1', 'ConfigMap', 'shop', 'app-config', { data: { LOG_LEVEL: 'info', CURRENCY: 'EUR' } }));
  add(
    object('v1', 'ConfigMap', 'kube-system', 'coredns', {
      data: { Corefile: '.:53 {\n  kubernetes cluster.local\n  forward . /etc/resolv.conf\n}' },
    }),
  );
  add(
    object('v1', 'Secret', 'shop', 'db-credentials', {
      type: 'Opaque',
      data: { username: 'redacted (8 bytes)', password: 'redacted (24 bytes)' },
    }),
  );

  const fromConfig = { name: 'LOG_LEVEL', valueFrom: { configMapKeyRef: { name: 'app-config', key: 'LOG_LEVEL' } } };
  const password = { name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db-credentials', key: 'password' } } };
  const env = (name: string, value: string): object => ({ name, value });
  deploy({
    name: 'frontend',
    clusterIP: '10.96.0.21',
    env: [
      env('CART_URL', 'http://cart:7070'),
      env('CATALOG_URL', 'http://catalog:3550'),
      env('CHECKOUT_URL', 'http://checkout:5050'),
      fromConfig,
    ],
  });
  deploy({ name: 'cart', port: 7070, clusterIP: '10.96.0.22', env: [env('CACHE_ADDR', 'cache:6379'), fromConfig] });
  deploy({ name: 'catalog', port: 3550, clusterIP: '10.96.0.23', env: [env('DB_HOST', 'db:5432'), password] });
  deploy({
    name: 'checkout',
    port: 5050,
    clusterIP: '10.96.0.24',
    env: [env('PAYMENT_ADDR', 'payment:50051'), env('CART_URL', 'http://cart:7070'), fromConfig],
  });
  deploy({ name: 'payment', port: 50_051, clusterIP: '10.96.0.25' });
  deploy({ name: 'cache', port: 6379, clusterIP: '10.96.0.26', replicas: 1, image: 'docker.io/library/redis:7.4' });
  deploy({
    name: 'db',
    kind: 'StatefulSet',
    port: 5432,
    clusterIP: '10.96.0.27',
    replicas: 1,
    image: 'docker.io/library/postgres:16',
    env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'db-credentials', key: 'password' } } }],
    container: { volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }] },
    podSpec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } }] },
  });
  deploy({
    name: 'coredns',
    namespace: 'kube-system',
    serviceName: 'kube-dns',
    port: 53,
    clusterIP: '10.96.0.10',
    image: 'registry.k8s.io/coredns/coredns:v1.12.0',
    podSpec: {
      priorityClassName: 'system-cluster-critical',
      dnsPolicy: 'Default',
      volumes: [{ name: 'config-volume', configMap: { name: 'coredns' } }],
    },
  });
  add(
    object('networking.k8s.io/v1', 'Ingress', 'shop', 'shop', {
      spec: {
        ingressClassName: 'nginx',
        rules: [
          {
            host: 'shop.example.com',
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: { service: { name: 'frontend', port: { number: 8080 } } } },
              ],
            },
          },
        ],
      },
    }),
  );
  return things;
}
