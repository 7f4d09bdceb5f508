import type { Lab, LabState } from '../api/types';

const OPEN: readonly LabState[] = ['queued', 'provisioning', 'ready', 'paused', 'finished'];
const USABLE: readonly LabState[] = ['ready', 'finished'];

/** Whether the lab still is, or will be, there to work in. */
export function isOpen(lab: Lab): boolean {
  return OPEN.includes(lab.state);
}

/** Whether its cluster and terminals answer now; a finished lab stays until it is ended. */
export function isUsable(lab: Lab): boolean {
  return USABLE.includes(lab.state);
}

/** `1:05:09` or `12:03` until that moment; `0:00` when it is over. */
export function timeLeft(until: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((Date.parse(until) - nowMs) / 1000));
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3600),
    Math.floor((seconds % 3600) / 60),
    seconds % 60,
  ];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
