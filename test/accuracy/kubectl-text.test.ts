import { describe, expect, test } from '@jest/globals';
import { ageMs, pairsOf, readDescription, readTable, tableOf, valueOf } from './cloud_opsbench/kubectl-text.js';

const described = `Name:         cart-1
Labels:       app=cart
              tier=web
Node:         <none>
Containers:
  server:
    State:          Waiting
      Reason:       ErrImagePull
    Limits:
      cpu:  300m
Conditions:
  Type           Status
  PodScheduled   False
Events:
  Type     Reason            Age                From               Message
  ----     ------            ----               ----               -------
  Warning  FailedScheduling  11s (x3 over 41s)  default-scheduler  0/2 nodes are available: 2 Insufficient cpu.
`;

describe('what kubectl prints', () => {
  const lines = readDescription(described);

  test('a description is a tree by indentation, and <none> is nothing', () => {
    expect(valueOf(lines, 'Name')).toBe('cart-1');
    expect(valueOf(lines, 'Node')).toBeUndefined();
    const server = lines.find(({ key }) => key === 'Containers')!.below[0]!;
    expect(server.key).toBe('server');
    expect(pairsOf(server.below, 'Limits')).toEqual({ cpu: '300m' });
    expect(valueOf(server.below.find(({ key }) => key === 'State')!.below, 'Reason')).toBe('ErrImagePull');
  });

  test('labels go on in the next line', () => {
    expect(pairsOf(lines, 'Labels')).toEqual({ app: 'cart', tier: 'web' });
  });

  test('tables are read by where their headings stand', () => {
    expect(tableOf(lines, 'Conditions')).toEqual([{ type: 'PodScheduled', status: 'False' }]);
    expect(tableOf(lines, 'Events')).toEqual([
      {
        type: 'Warning',
        reason: 'FailedScheduling',
        age: '11s (x3 over 41s)',
        from: 'default-scheduler',
        message: '0/2 nodes are available: 2 Insufficient cpu.',
      },
    ]);
    expect(readTable(['NAME   LAST SEEN', 'cart   5s'])).toEqual([{ name: 'cart', 'last seen': '5s' }]);
  });

  test('ages', () => {
    expect(ageMs('2m15s')).toBe(135_000);
    expect(ageMs('<unknown>')).toBeNull();
  });
});
