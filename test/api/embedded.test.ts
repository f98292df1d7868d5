import { describe } from '@jest/globals';
import { apiContract } from './contract.js';
import { memoryStores } from './stores.js';

describe('the API on the embedded graph and the memory transport', () => {
  apiContract(() => memoryStores());
});
