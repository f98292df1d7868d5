import { scenarios as configurationAndLimits } from './a-configuration-and-limits.js';
import { scenarios as containerEnds } from './a-container-ends.js';
import { scenarios as probesAndStart } from './a-probes-and-start.js';
import { scenarios as images } from './b-images.js';
import { scenarios as scheduling } from './c-scheduling.js';
import { scenarios as controllers } from './d-controllers.js';
import { scenarios as daemonsOfNodes } from './e-daemons-of-nodes.js';
import { scenarios as kernelAndHardware } from './e-kernel-and-hardware.js';
import { scenarios as nodesTogether } from './e-nodes-together.js';
import { scenarios as callsAndPackets } from './f-calls-and-packets.js';
import { scenarios as namesAndRoutes } from './f-names-and-routes.js';
import { scenarios as storage } from './g-storage.js';
import { scenarios as controlPlane } from './h-control-plane.js';
import { scenarios as loadAndDependencies } from './i-load-and-dependencies.js';
import { scenarios as storesAndQueues } from './i-stores-and-queues.js';
import { scenarios as security } from './j-security.js';
import { scenarios as expected } from './k-expected.js';
import type { Scenario } from './scenario.js';

/** Every row of the catalogue, by id. Files are named for a group of it, `a-…` to `k-…`. */
export const all: readonly Scenario[] = [
  configurationAndLimits,
  containerEnds,
  probesAndStart,
  images,
  scheduling,
  controllers,
  daemonsOfNodes,
  kernelAndHardware,
  nodesTogether,
  callsAndPackets,
  namesAndRoutes,
  storage,
  controlPlane,
  loadAndDependencies,
  storesAndQueues,
  security,
  expected,
]
  .flat()
  .sort((a, b) => (a.id < b.id ? -1 : 1));
