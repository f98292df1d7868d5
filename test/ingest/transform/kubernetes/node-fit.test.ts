import { describe, expect, test } from '@jest/globals';
import { explainPlacement, type NodeShape } from '../../../../ingest/transform/kubernetes/node-fit.js';

const node = (shape: Partial<NodeShape> = {}): NodeShape => ({
  labels: {},
  unschedulable: false,
  taints: [],
  ...shape,
});
const zoned = (key: string, operator: string, values: readonly string[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
});

describe('why no node takes a pod', () => {
  test('a node selector that no node has is told from an affinity that no node has', () => {
    const nodes = new Map([['a', node({ labels: { zone: 'x' } })]]);
    expect(explainPlacement({ nodeSelector: { zone: 'y' } }, nodes)).toMatchObject({
      category: 'scheduling.node-affinity',
      attributes: { by: 'nodeSelector', wanted: 'zone=y' },
    });
    expect(explainPlacement(zoned('zone', 'In', ['y', 'z']), nodes)).toMatchObject({ attributes: { by: 'affinity' } });
    expect(explainPlacement(zoned('zone', 'NotIn', ['y']), nodes)).toBeNull();
  });

  test('a selector whose only node is cordoned is the fault of the cordon', () => {
    const nodes = new Map([
      ['a', node({ labels: { disk: 'ssd' }, unschedulable: true })],
      ['b', node({ unschedulable: false })],
    ]);
    expect(explainPlacement({ nodeSelector: { disk: 'ssd' } }, nodes)).toMatchObject({
      category: 'scheduling.node-unschedulable',
      attributes: { cordoned: 'a' },
    });
  });

  test('a taint counts unless it is tolerated, and a sick node is no matter of taints', () => {
    const tainted = new Map([['a', node({ taints: [{ key: 'gpu', value: 'true', effect: 'NoSchedule' }] })]]);
    expect(explainPlacement({}, tainted)).toMatchObject({
      category: 'scheduling.untolerated-taint',
      attributes: { taint: 'gpu=true' },
    });
    expect(explainPlacement({ tolerations: [{ key: 'gpu', operator: 'Exists' }] }, tainted)).toBeNull();
    expect(explainPlacement({ tolerations: [{ key: 'gpu', value: 'false' }] }, tainted)).not.toBeNull();
    const sick = new Map([['a', node({ taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] })]]);
    expect(explainPlacement({}, sick)).toMatchObject({ category: 'scheduling.node-unschedulable' });
  });

  test("a cordoned node of the control plane is nobody's choice", () => {
    const nodes = new Map([
      ['control', node({ labels: { 'node-role.kubernetes.io/control-plane': '' }, unschedulable: true })],
      ['a', node({ labels: { state: 'old' } })],
    ]);
    expect(explainPlacement(zoned('state', 'NotIn', ['old']), nodes)).toMatchObject({
      category: 'scheduling.node-affinity',
    });
  });

  test('a node answers to its own name where its label for that is gone', () => {
    const nodes = new Map([['a', node({ unschedulable: true })]]);
    expect(explainPlacement({ nodeSelector: { 'kubernetes.io/hostname': 'a' } }, nodes)).toMatchObject({
      category: 'scheduling.node-unschedulable',
    });
  });

  test('nothing is said where some node would do, or none is known', () => {
    expect(explainPlacement({ nodeSelector: { a: 'b' } }, new Map())).toBeNull();
    expect(explainPlacement({}, new Map([['a', node()]]))).toBeNull();
  });
});
