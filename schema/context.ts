import type { GraphStore } from '../src/graph/store.js';
import type { ResultFeed } from '../src/api/feed.js';
import type { Loaders } from './loaders.js';

/** What every resolver gets: made anew for each operation, and its loaders anew for each event of a subscription. */
export interface ApiContext {
  readonly requestId: string;
  readonly graph: Pick<GraphStore, 'read'>;
  readonly feed: ResultFeed;
  loaders: Loaders;
}
