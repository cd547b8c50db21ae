import { describe, test } from 'vitest';
import { vaultContract } from './contract.ts';
import { localVault } from './testing.ts';

describe('the real vault', () => {
  for (const { name, run } of vaultContract('sqlite', localVault)) test(name, run);
});
