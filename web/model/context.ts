/**
 * The model as components reach it.
 * @module
 */
import type { Client } from '@sotto/api/client.ts';
import type { Conversation } from '@sotto/api/contract.ts';
import { createContext, use } from 'react';
import type { Model } from './model.ts';
import { useStorePart } from './store.ts';

const ModelContext = createContext<Model | undefined>(undefined);
export const ModelProvider = ModelContext.Provider;

export function useModel(): Model {
  const model = use(ModelContext);
  if (!model) throw new Error('no model outside ModelProvider');
  return model;
}

export function useClient(): Client {
  return useModel().client;
}

export function useConversation(id: string): Conversation | undefined {
  return useStorePart(useModel().conversations, (all) => all.get(id));
}
