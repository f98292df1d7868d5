import { condition } from './objects.js';
import { goesSilent, joins, podsOn } from './nodes.js';
import type { Scenario } from './scenario.js';

const onNode = ['Node/n1'];

/** Nodes that are taken away, go together, or get in each other's way. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'E14',
    expect: { category: ['node.conntrack-full'], on: onNode },
    play(w) {
      for (const at of [30, 35, 40, 45]) {
        w.at(at);
        w.evidence(() => w.entry('n1', 'nf_conntrack: nf_conntrack: table full, dropping packet', { priority: 4 }));
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: connect ETIMEDOUT 10.96.0.26:6379', 'error');
        w.log('Pod/shop/frontend-5f7b9-a', 'getaddrinfo EAI_AGAIN catalog', 'error');
      }
    },
    guard(w) {
      for (const at of [30, 35, 40, 45]) {
        w.at(at);
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: connect ETIMEDOUT 10.96.0.26:6379', 'error');
      }
    },
  },
  {
    id: 'E16',
    expect: { category: ['node.clock-skewed'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.entry('n1', 'System clock wrong by -187.402611 seconds', {
          unit: 'chronyd.service',
          identifier: 'chronyd',
          priority: 4,
        }),
      );
      for (const at of [33, 39, 46]) {
        w.at(at);
        w.log(
          'Pod/shop/checkout-5f7b9-a',
          'payment call failed: 401 from payment:50051: token used before issued',
          'error',
        );
        w.log(
          'Pod/shop/frontend-5f7b9-a',
          'catalog call failed: https://catalog:3550: x509: certificate has expired or is not yet valid: current time 2026-11-24T09:57:23Z is before 2026-11-24T09:58:00Z',
          'error',
        );
      }
    },
    guard(w) {
      // A token that is simply wrong, on a node whose clock was set by a hair.
      w.at(30);
      w.entry('n1', 'Selected source 169.254.169.123', { unit: 'chronyd.service', identifier: 'chronyd', priority: 6 });
      for (const at of [33, 39, 46]) {
        w.at(at);
        w.log('Pod/shop/checkout-5f7b9-a', 'payment call failed: 401 from payment:50051: invalid token', 'error');
      }
    },
  },
  {
    id: 'E18',
    expect: { category: ['node.removed'], on: onNode },
    play(w) {
      w.at(30);
      w.event('DeletingNode', 'Node/n1', 'Deleting node n1 because it does not exist in the cloud provider', {
        type: 'Normal',
        component: 'cloud-node-lifecycle-controller',
      });
      w.evidence(() => w.remove('Node/n1', 'cloud-controller-manager'));
      for (const pod of podsOn('n1')) {
        w.at(32);
        w.remove(pod);
      }
      w.at(40);
      w.log('Pod/shop/frontend-5f7b9-b', 'cart call failed: connect ETIMEDOUT 10.96.0.22:7070', 'error');
      w.log('Pod/shop/cart-5f7b9-b', 'cache call failed: connect ECONNREFUSED 10.96.0.26:6379', 'error');
      w.at(55);
      w.log('Pod/shop/cart-5f7b9-b', 'cache call failed: connect ECONNREFUSED 10.96.0.26:6379', 'error');
    },
    guard(w) {
      // Somebody deleted the pods; the node is there.
      w.at(32);
      w.remove('Pod/shop/cache-5f7b9-a');
      w.at(40);
      w.log('Pod/shop/cart-5f7b9-b', 'cache call failed: connect ECONNREFUSED 10.96.0.26:6379', 'error');
    },
  },
  {
    id: 'E19',
    expect: { category: ['zone.outage'], on: ['Zone/a'] },
    play(w) {
      joins(w, 'n3', '192.168.0.13', { 'topology.kubernetes.io/zone': 'b' }, true);
      w.at(30);
      w.evidence(() => {
        goesSilent(w, 'n1', 30);
        goesSilent(w, 'n2', 33);
      });
    },
    guard(w) {
      // One node of two.
      joins(w, 'n3', '192.168.0.13', { 'topology.kubernetes.io/zone': 'b' }, true);
      w.at(30);
      goesSilent(w, 'n1', 30);
    },
  },
  {
    id: 'E20',
    expect: { category: ['node.pool-broken'], on: ['NodePool/workers'] },
    play(w) {
      const why =
        'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';
      w.at(30);
      w.evidence(() => joins(w, 'w1', '192.168.0.21', { 'eks.amazonaws.com/nodegroup': 'workers' }, false, why));
      w.at(55);
      w.evidence(() => joins(w, 'w2', '192.168.0.22', { 'eks.amazonaws.com/nodegroup': 'workers' }, false, why));
      w.at(140);
    },
    guard(w) {
      // They come up after half a minute, as nodes do.
      w.at(30);
      joins(w, 'w1', '192.168.0.21', { 'eks.amazonaws.com/nodegroup': 'workers' }, true);
      w.at(55);
      joins(w, 'w2', '192.168.0.22', { 'eks.amazonaws.com/nodegroup': 'workers' }, true);
    },
  },
  {
    id: 'E32',
    expect: { category: ['node.shutdown'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.event('NodeShutdown', 'Node/n1', 'Shutdown manager detected shutdown event', { type: 'Normal' });
        w.patch(
          'Node/n1',
          {
            status: { conditions: [condition('Ready', false, 'KubeletNotReady', w.clock(), 'node is shutting down')] },
          },
          'kubelet',
        );
      });
      w.at(34);
      for (const pod of podsOn('n1'))
        w.patch(pod, {
          status: {
            phase: 'Failed',
            reason: 'Terminated',
            message: 'Pod was terminated in response to imminent node shutdown.',
            conditions: [condition('Ready', false, 'PodFailed', w.clock())],
          },
        });
    },
    guard(w) {
      w.evidence(() => goesSilent(w, 'n1', 30));
    },
  },
];
