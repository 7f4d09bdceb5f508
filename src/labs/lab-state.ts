import type { LabState } from '../common/database/generated/enums.js';

export type { LabState };

/**
 * Every way a lab can go, and no other. `finished` is `ready` with all points earned: its cluster lives on until the
 * learner ends it or its time is up, and a check that breaks again brings it back to `ready`.
 * - queued → provisioning: a host took it; back when that host was lost or restarted.
 * - ready → provisioning: the learner resets it.
 */
export const TRANSITIONS = {
  queued: ['provisioning', 'ended', 'expired', 'failed'],
  provisioning: ['queued', 'ready', 'ended', 'expired', 'failed'],
  ready: ['provisioning', 'paused', 'finished', 'ended', 'expired', 'failed'],
  paused: ['ready', 'finished', 'ended', 'expired', 'failed'],
  finished: ['provisioning', 'paused', 'ready', 'ended', 'expired', 'failed'],
  expired: [],
  ended: [],
  failed: [],
} as const satisfies Record<LabState, readonly LabState[]>;

export const LAB_STATES = Object.keys(TRANSITIONS) as LabState[];

/** States in which a lab's cluster can be worked in. */
export const USABLE: LabState[] = ['ready', 'finished'];

/** States out of which no way leads; all that is left to do is to remove the sandbox. */
export const OVER: LabState[] = LAB_STATES.filter((state) => TRANSITIONS[state].length === 0);

/** States that count against the limit of labs at once. */
export const LIVE: LabState[] = LAB_STATES.filter((state) => !OVER.includes(state));

/** The states from which a lab may go to `target`. */
export function sourcesOf(target: LabState): LabState[] {
  return LAB_STATES.filter((state) => (TRANSITIONS[state] as readonly LabState[]).includes(target));
}
