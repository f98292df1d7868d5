import type { Category } from '../../src/model/categories.js';
import type { EntityRef } from '../../src/model/entity.js';
import type { Inventory } from '../inventory.js';
import type { Problem, Problems } from '../problems.js';

/** What derivations are given: the present state, the problems that are active now, and a way to say what follows from them. */
export interface Deriving {
  readonly cluster: string;
  readonly inventory: Inventory;
  readonly problems: Problems;
  readonly active: readonly Problem[];
  readonly nowMs: number;
  readonly say: Say;
}

export type Say = (
  entity: EntityRef,
  category: Category,
  sinceMs: number,
  message: string,
  attributes: Readonly<Record<string, string | number | boolean>>,
) => void;
