import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of one role: its own metrics are added by what it starts; Node's (memory, event loop lag, garbage collection) are there. */
export function createRegistry(role: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry });
  return registry;
}
