/**
 * Contract suite of the vault: what the real one and every model must do alike (VLT-1 to VLT-19).
 *
 * Free of any test runner: a case is a name and a function that throws where the vault fails.
 *
 *   for (const { name, run } of vaultContract('sqlite', makeVault)) test(name, run);
 * @module
 */
import { deliveryCases } from './contract-delivery.ts';
import { knockCases } from './contract-knock.ts';
import { orderCases } from './contract-order.ts';
import { ALICE_SEED, type Another, BOB_SEED, type Fact } from './contract-facts.ts';
import { type MakeVault, Person } from './contract-people.ts';
import { recoveryCases } from './contract-recovery.ts';
export type { MakeVault, Shown, VaultUnderTest } from './contract-people.ts';

export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Every case, for vaults that `makeVault` makes; `name` says which kind they are. */
export function vaultContract(name: string, makeVault: MakeVault): ContractCase[] {
  const facts: Record<string, Fact> = {
    ...deliveryCases,
    ...orderCases,
    ...recoveryCases,
    ...knockCases,
  };
  return Object.entries(facts).map(([title, fact]) => ({
    name: `${title} (${name})`,
    run: () => withTwo(makeVault, fact),
  }));
}

async function withTwo(makeVault: MakeVault, fact: Fact): Promise<void> {
  const people: Person[] = [];
  const another: Another = async (seed) => {
    const person = new Person(await makeVault(), seed);
    people.push(person);
    return person;
  };
  try {
    await fact(await another(ALICE_SEED), await another(BOB_SEED), another);
  } finally {
    for (const { vault } of people) await vault.dispose();
  }
}
