/**
 * What is being searched for. It outlives the page of the search: who opens a hit and comes back
 * finds what they had typed.
 * @module
 */
import { Store } from './store.ts';

export const searchText = new Store('');
