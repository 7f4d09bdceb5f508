import { signal } from '@preact/signals';
import { ApiProblem, api } from './api/client';
import type { Me } from './api/types';

/** Who is signed in: `undefined` while it is not known yet, `null` for nobody. */
export const me = signal<Me | null | undefined>(undefined);

export async function refreshSession(): Promise<void> {
  try {
    me.value = await api.me();
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.status === 401) me.value = null;
    else throw error;
  }
}

export async function signOut(): Promise<void> {
  await api.signOut();
  me.value = null;
}
