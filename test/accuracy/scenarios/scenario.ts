import type { Category } from '../../../src/model/categories.js';
import type { World } from './world.js';

/** One row of the catalogue of failures, as the real collectors would publish it. */
export interface Scenario {
  /** The row: `A01` … `K12`. */
  readonly id: string;
  /** What has to be at rank 1 of the first incident, any of each list; `silent` where nothing may be told. */
  readonly expect: Expectation | 'silent';
  /** What happens in the small healthy shop. What alone tells this cause from others goes into `w.evidence`. */
  play(w: World): void;
  /** The near miss: much of the same, and yet another cause or none. It must not be told as what is expected above. */
  guard(w: World): void;
}

export interface Expectation {
  readonly category: readonly Category[];
  /** `Kind/namespace/name`, `Kind/name` for what has no namespace; `*` for any part of a name. */
  readonly on: readonly string[];
  /** What the sentence about the root cause has to say, where causes of one category differ in it. */
  readonly says?: RegExp;
}
