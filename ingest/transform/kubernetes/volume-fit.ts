import { each } from './kubernetes-objects.js';
import { quantity } from '../wording.js';

/** What of a PersistentVolume decides which claims may have it. */
export interface VolumeShape {
  readonly storageClass: string;
  readonly capacity: string | null;
  readonly accessModes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `namespace/name` of the claim that has it. */
  readonly claim: string | null;
}

export interface ClaimSpec {
  readonly storageClassName?: string;
  readonly volumeName?: string;
  readonly accessModes?: readonly string[];
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
}

export interface Misfit {
  readonly volume: string;
  /** `class`, `capacity`, `accessModes`, `selector`, `bound`: what of it does not fit; comma-separated. */
  readonly mismatch: string;
  readonly wanted: string;
  readonly has: string;
}

/**
 * The volume that comes nearest to a claim, and why it does not bind (the conditions of the binder: pkg/controller/volume/persistentvolume,
 * findMatchingVolume). Null when there are no volumes, or one that fits.
 */
export function nearestMisfit(
  namespace: string | null,
  name: string,
  claim: ClaimSpec,
  volumes: ReadonlyMap<string, VolumeShape>,
): Misfit | null {
  const self = `${namespace ?? ''}/${name}`;
  const told = [...volumes]
    .filter(([volume]) => !claim.volumeName || claim.volumeName === volume)
    .map(([volume, shape]) => ({ volume, misfits: misfitsOf(self, claim, shape) }))
    .sort((a, b) => a.misfits.length - b.misfits.length || (a.volume < b.volume ? -1 : 1));
  if (told.some(({ misfits }) => misfits.length === 0)) return null;
  const taken = ({ misfits }: (typeof told)[number]): boolean => misfits.some(({ what }) => what === 'bound');
  // What another claim has was not meant for this one, unless it is asked for by name; or else it is what was meant to be had without a
  // class that would make one, and nothing but its being taken is against it.
  const nearest =
    told.find((each) => !taken(each) || claim.volumeName === each.volume) ??
    told.find(({ misfits }) => misfits.length === 1 && !claim.storageClassName);
  if (!nearest) return null;
  const { volume, misfits } = nearest;
  return {
    volume,
    mismatch: misfits.map(({ what }) => what).join(','),
    wanted: misfits.map(({ wanted }) => wanted).join('; '),
    has: misfits.map(({ has }) => has).join('; '),
  };
}

interface Difference {
  readonly what: string;
  readonly wanted: string;
  readonly has: string;
}

function misfitsOf(self: string, claim: ClaimSpec, volume: VolumeShape): Difference[] {
  const found: Difference[] = [];
  const differs = (what: string, wanted: string, has: string): void => void found.push({ what, wanted, has });
  const requested = claim.resources?.requests?.storage ?? '';
  const storageClass = claim.storageClassName ?? '';
  if (volume.claim !== null && volume.claim !== self)
    differs('bound', 'a volume that is free', `claim ${volume.claim.replace(/^.*\//, '')}`);
  if (storageClass !== volume.storageClass)
    differs('class', `class ${storageClass || '(none)'}`, `class ${volume.storageClass || '(none)'}`);
  const [needs, offers] = [quantity(requested), quantity(volume.capacity)];
  if (needs !== null && offers !== null && offers < needs) differs('capacity', requested, volume.capacity ?? '');
  if (!each(claim.accessModes).every((mode) => volume.accessModes.includes(mode)))
    differs('accessModes', each(claim.accessModes).join(', '), volume.accessModes.join(', '));
  const labels = Object.entries(claim.selector?.matchLabels ?? {});
  if (!labels.every(([key, value]) => volume.labels[key] === value))
    differs('selector', pairs(labels), pairs(Object.entries(volume.labels)) || 'no labels');
  return found;
}

function pairs(labels: readonly (readonly [string, string])[]): string {
  return labels.map(([key, value]) => `${key}=${value}`).join(',');
}
