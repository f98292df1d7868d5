import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const deployment = ['Deployment/shop/cart'];
const image = 'registry.example.com/shop/cart:1.5.0';
const newImage = { spec: { containers: [{ name: 'cart', image }] } };

/** What kubelet says of a pull that fails, and then of its back-off. */
function pullFails(w: World, pod: string, error: string, of = image): void {
  const message = `Failed to pull image "${of}": ${error}`;
  w.waiting(pod, 'ErrImagePull', error);
  w.event('Failed', pod, message);
  w.event('Failed', pod, 'Error: ErrImagePull');
  w.at(w.second + 12);
  w.waiting(pod, 'ImagePullBackOff', `Back-off pulling image "${of}": ErrImagePull: ${error}`);
  w.event('BackOff', pod, `Back-off pulling image "${of}"`, { type: 'Normal' });
}

function rolledOut(w: World): string {
  w.at(5);
  const pod = w.rollout('Deployment/shop/cart', newImage);
  w.at(7);
  return pod;
}

const comesUp = (w: World): void => {
  const pod = rolledOut(w);
  w.event('Pulling', pod, `Pulling image "${image}"`, { type: 'Normal' });
  w.at(25);
  w.event(
    'Pulled',
    pod,
    `Successfully pulled image "${image}" in 17.1s (17.1s including waiting). Image size: 61210234 bytes.`,
    { type: 'Normal' },
  );
  w.comesUp(pod);
};

const unknownManifest = `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`;

/** Images and registries. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'B01',
    expect: { category: ['image.not-found'], on: deployment },
    play(w) {
      const pod = rolledOut(w);
      w.evidence(() => pullFails(w, pod, unknownManifest));
    },
    guard: comesUp,
  },
  {
    id: 'B02',
    expect: { category: ['image.unauthorized'], on: deployment },
    play(w) {
      const pod = rolledOut(w);
      w.evidence(() => {
        w.event(
          'FailedToRetrieveImagePullSecret',
          pod,
          'Unable to retrieve some image pull secrets (registry-login); attempting to pull the image may not succeed.',
        );
        pullFails(
          w,
          pod,
          `failed to pull and unpack image "${image}": failed to resolve reference "${image}": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://registry.example.com/token: 401 Unauthorized`,
        );
      });
    },
    guard(w) {
      // The secret is missing and nobody asks for it: the image is public.
      const pod = rolledOut(w);
      w.event(
        'FailedToRetrieveImagePullSecret',
        pod,
        'Unable to retrieve some image pull secrets (registry-login); attempting to pull the image may not succeed.',
      );
      w.at(20);
      w.comesUp(pod);
    },
  },
  {
    id: 'B03',
    expect: { category: ['image.rate-limited'], on: [...deployment, 'Registry/*'] },
    play(w) {
      const pod = rolledOut(w);
      w.evidence(() =>
        pullFails(
          w,
          pod,
          `failed to pull and unpack image "${image}": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry.example.com/v2/shop/cart/manifests/1.5.0: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.`,
        ),
      );
    },
    guard(w) {
      const pod = rolledOut(w);
      pullFails(w, pod, unknownManifest);
    },
  },
  {
    id: 'B04',
    expect: { category: ['image.registry-unreachable'], on: ['Registry/registry.example.com'] },
    play(w) {
      w.at(5);
      for (const name of ['cart', 'catalog', 'checkout']) {
        const of = `registry.example.com/shop/${name}:1.5.0`;
        const pod = w.rollout(`Deployment/shop/${name}`, { spec: { containers: [{ name, image: of }] } });
        w.evidence(() =>
          pullFails(
            w,
            pod,
            `failed to pull and unpack image "${of}": failed to resolve reference "${of}": failed to do request: Head "https://registry.example.com/v2/shop/${name}/manifests/1.5.0": dial tcp 203.0.113.40:443: i/o timeout`,
            of,
          ),
        );
      }
    },
    guard(w) {
      // One image of three is missing there: the registry itself answers.
      w.at(5);
      for (const name of ['cart', 'catalog']) {
        const of = `registry.example.com/shop/${name}:1.5.0`;
        const pod = w.rollout(`Deployment/shop/${name}`, { spec: { containers: [{ name, image: of }] } });
        if (name === 'cart') pullFails(w, pod, unknownManifest, of);
        else w.comesUp(pod);
      }
    },
  },
  {
    id: 'B05',
    expect: { category: ['image.invalid-name'], on: deployment },
    play(w) {
      w.at(5);
      const bad = 'registry.example.com/shop/Cart:1.5.0:latest';
      const pod = w.rollout('Deployment/shop/cart', { spec: { containers: [{ name: 'cart', image: bad }] } });
      w.at(7);
      w.evidence(() => {
        w.waiting(
          pod,
          'InvalidImageName',
          `Failed to apply default image tag "${bad}": couldn't parse image name "${bad}": invalid reference format: repository name must be lowercase`,
        );
        w.event(
          'InspectFailed',
          pod,
          `Failed to apply default image tag "${bad}": couldn't parse image name "${bad}": invalid reference format: repository name must be lowercase`,
        );
        w.event('Failed', pod, 'Error: InvalidImageName');
      });
    },
    guard: comesUp,
  },
  {
    id: 'B06',
    expect: { category: ['image.never-pull'], on: deployment },
    play(w) {
      w.at(5);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image, imagePullPolicy: 'Never' }] },
      });
      w.at(7);
      w.evidence(() => {
        w.waiting(pod, 'ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`);
        w.event('ErrImageNeverPull', pod, `Container image "${image}" is not present with pull policy of Never`);
        w.event('Failed', pod, 'Error: ErrImageNeverPull');
      });
    },
    guard: comesUp,
  },
  {
    id: 'B07',
    expect: { category: ['node.disk-pressure', 'image.no-space'], on: ['Node/n1'] },
    play(w) {
      const pod = rolledOut(w);
      w.evidence(() => {
        w.event(
          'FreeDiskSpaceFailed',
          'Node/n1',
          'Failed to garbage collect required amount of images. Attempted to free 6174015488 bytes, but only found 0 bytes eligible to free.',
        );
        pullFails(
          w,
          pod,
          `failed to pull and unpack image "${image}": failed to extract layer sha256:5f70bf18: write /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/91/fs/usr/lib/libcrypto.so.3: no space left on device`,
        );
      });
    },
    guard(w) {
      const pod = rolledOut(w);
      pullFails(w, pod, unknownManifest);
    },
  },
  {
    id: 'B08',
    expect: { category: ['image.wrong-platform'], on: deployment },
    play(w) {
      const pod = rolledOut(w);
      w.evidence(() =>
        pullFails(w, pod, `failed to pull and unpack image "${image}": no match for platform in manifest: not found`),
      );
    },
    guard(w) {
      const pod = rolledOut(w);
      pullFails(w, pod, unknownManifest);
    },
  },
  {
    id: 'B09',
    expect: { category: ['change.bad-release'], on: deployment, says: /digest/ },
    play(w) {
      w.at(20);
      w.terminates('Pod/shop/cart-5f7b9-b');
      const pod = w.addPod('ReplicaSet/shop/cart-5f7b9', 'n2');
      for (const [index, at] of [30, 45, 75].entries()) {
        w.at(at);
        w.started(pod);
        if (index === 0)
          w.evidence(() =>
            w.patch(pod, {
              status: {
                containerStatuses: [
                  {
                    name: 'cart',
                    imageID:
                      'registry.example.com/shop/cart@sha256:9d0f8e7c6b5a49382716f5e4d3c2b1a09d0f8e7c6b5a49382716f5e4d3c2b1a0',
                  },
                ],
              },
            }),
          );
        w.at(at + 2);
        w.log(pod, 'cart: cannot find table rates', 'error');
        w.exit(pod, { exitCode: 1, durationMs: 2_000 });
        w.crashes(pod, { exitCode: 1, ranS: 2 });
      }
    },
    guard(w) {
      // A new pod of the same image fails, and it is the same image.
      w.at(20);
      w.terminates('Pod/shop/cart-5f7b9-b');
      const pod = w.addPod('ReplicaSet/shop/cart-5f7b9', 'n2');
      const [{ imageID }] = (w.get('Pod/shop/cart-5f7b9-a').status as { containerStatuses: [{ imageID: string }] })
        .containerStatuses;
      for (const [index, at] of [30, 45, 75].entries()) {
        w.at(at);
        w.started(pod);
        if (index === 0) w.patch(pod, { status: { containerStatuses: [{ name: 'cart', imageID }] } });
        w.at(at + 2);
        w.log(pod, 'cart: cannot find table rates', 'error');
        w.exit(pod, { exitCode: 1, durationMs: 2_000 });
        w.crashes(pod, { exitCode: 1, ranS: 2 });
      }
    },
  },
  {
    id: 'B10',
    expect: { category: ['image.signature-invalid'], on: deployment },
    play(w) {
      const pod = rolledOut(w);
      w.evidence(() => {
        w.waiting(
          pod,
          'SignatureValidationFailed',
          'image pull failed for registry.example.com because the signature validation failed: Source image rejected: A signature was required, but no signature exists',
        );
        w.event('Failed', pod, 'Error: SignatureValidationFailed');
      });
    },
    guard(w) {
      const pod = rolledOut(w);
      pullFails(w, pod, unknownManifest);
    },
  },
];
