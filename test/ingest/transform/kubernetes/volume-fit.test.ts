import { describe, expect, test } from '@jest/globals';
import { nearestMisfit, type VolumeShape } from '../../../../ingest/transform/kubernetes/volume-fit.js';

const free: VolumeShape = {
  storageClass: '',
  capacity: '1Gi',
  accessModes: ['ReadWriteOnce'],
  labels: { disk: 'ssd' },
  claim: null,
};
const claim = { storageClassName: '', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const misfit = (volume: Partial<VolumeShape>, wants: object = {}) =>
  nearestMisfit('shop', 'data', { ...claim, ...wants }, new Map([['pv', { ...free, ...volume }]]));

describe('why a claim gets none of the volumes', () => {
  test.each([
    ['class', {}, { storageClassName: 'fast' }],
    ['capacity', {}, { resources: { requests: { storage: '10Gi' } } }],
    ['accessModes', {}, { accessModes: ['ReadWriteMany'] }],
    ['selector', {}, { selector: { matchLabels: { disk: 'hdd' } } }],
    ['bound', { claim: 'shop/other' }, {}],
  ])('%s', (mismatch, volume, wants) => {
    expect(misfit(volume, wants)).toMatchObject({ volume: 'pv', mismatch });
  });

  test('a volume that fits, its own or a free one, is no misfit', () => {
    expect(misfit({})).toBeNull();
    expect(misfit({ claim: 'shop/data' })).toBeNull();
    expect(nearestMisfit('shop', 'data', claim, new Map())).toBeNull();
  });

  test('of several volumes the nearest is named, and none but the one that the claim names', () => {
    const volumes = new Map([
      ['far', { ...free, storageClass: 'slow', capacity: '1Mi' }],
      ['near', { ...free, capacity: '512Mi' }],
    ]);
    expect(nearestMisfit('shop', 'data', claim, volumes)).toMatchObject({ volume: 'near', mismatch: 'capacity' });
    expect(nearestMisfit('shop', 'data', { ...claim, volumeName: 'far' }, volumes)).toMatchObject({
      volume: 'far',
      mismatch: 'class,capacity',
    });
  });
});
