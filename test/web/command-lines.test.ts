import { describe, expect, test } from '@jest/globals';
import { commandLines } from '../../src/web/command-lines.js';

const cart = { id: 'lab/shop/Deployment/cart', kind: 'Deployment', namespace: 'shop', name: 'cart' };
const event = { pod: 'cart-9bf8d5fcb-f4l59', container: 'cart', category: 'container.oom-killed' };

const told = (recommendation: string, fields: Partial<Parameters<typeof commandLines>[0]> = {}) =>
  commandLines({
    recommendation,
    rootCauseEntity: cart,
    affected: [{ role: 'ROOT_CAUSE', entity: cart }],
    rootCauses: [{ category: 'container.oom-killed', entity: cart, event }],
    ...fields,
  });

describe('commands to copy', () => {
  test.each([
    [
      'Raise it: kubectl -n shop set resources Deployment/cart -c cart --limits=memory=<peak plus a third>; if it was lowered lately, put it back.',
      ['kubectl -n shop set resources Deployment/cart -c cart --limits=memory=<peak plus a third>'],
    ],
    ['Correct the selector: kubectl -n shop edit service cart. It was changed.', ['kubectl -n shop edit service cart']],
    [
      'Create it, or correct the reference; kubectl -n shop get configmaps,secrets shows what there is.',
      ['kubectl -n shop get configmaps,secrets'],
    ],
    [
      'Go back to the last version that ran (kubectl -n shop rollout undo Deployment/cart).',
      ['kubectl -n shop rollout undo Deployment/cart'],
    ],
  ])('end where the sentence goes on: %s', (recommendation, commands) => {
    expect(told(recommendation).mend).toEqual(commands);
  });

  test.each([
    [
      'one that destroys',
      'Mend what the last words name: kubectl -n shop delete Deployment/cart. All of them: see there.',
    ],
    ['one that scales to nothing', 'Its last words: kubectl -n shop scale Deployment/cart --replicas=0.'],
    ['one about something else', 'Its last words: kubectl -n prod rollout undo Deployment/billing.'],
    ['one about something else here', 'Its last words: kubectl -n shop rollout undo Deployment/billing.'],
    ['one about something else in other words', 'Its last words: kubectl -n shop rollout undo deployment billing.'],
    ['one that asks another server', 'Its last words: kubectl -n shop get pods --server=http://203.0.113.9.'],
    ['one with more in its sleeve', 'Its last words: kubectl -n shop get pods | sh.'],
    ['one with a substitution', 'Its last words: kubectl -n shop get $(reboot).'],
    ['one that runs a program', 'Its last words: kubectl -n shop exec cart -- sh.'],
  ])('that a log line smuggled in are not offered: %s', (_what, recommendation) => {
    expect(told(recommendation).mend).toEqual([]);
  });

  test('take a change back where Kubernetes keeps what was before', () => {
    const change = { category: 'change.spec', entity: cart, event };
    const rootCauses = [{ category: 'container.oom-killed', entity: cart, event }, change];
    expect(told('Nothing.', { rootCauses }).mend).toEqual(['kubectl -n shop rollout undo Deployment/cart']);
    const service = { ...cart, kind: 'Service' };
    expect(told('Nothing.', { rootCauses: [{ ...change, entity: service }] }).mend).toEqual([]);
  });

  test('to look name what is blamed, and nothing whose name a shell would not leave alone', () => {
    expect(told('').look).toEqual([
      'kubectl -n shop describe Deployment/cart',
      'kubectl -n shop rollout history Deployment/cart',
      'kubectl -n shop logs cart-9bf8d5fcb-f4l59 -c cart --previous --tail=50',
      'kubectl -n shop get events --sort-by=.lastTimestamp',
    ]);
    const odd = { ...cart, name: 'cart;reboot' };
    expect(told('', { rootCauseEntity: odd })).toEqual({ mend: [], look: [] });
    expect(told('', { rootCauseEntity: null })).toEqual({ mend: [], look: [] });
  });
});
