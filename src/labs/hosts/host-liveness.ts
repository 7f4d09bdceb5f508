/** How often a host says that it lives. */
export const HEARTBEAT_MS = 5_000;

/** A host that has not said so for this long takes no labs; its labs cannot be reached. */
const SILENT_MS = 20_000;

/**
 * A host that has not said so for this long is lost, and its labs with it. Long enough for an upgrade or a reboot: its
 * sandboxes lie on its disk and come back with it.
 */
export const LOST_MS = 600_000;

/** Hosts with a heartbeat after this are alive. */
export function aliveSince(): Date {
  return new Date(Date.now() - SILENT_MS);
}

/** Hosts without a heartbeat since this are lost. */
export function lostBefore(): Date {
  return new Date(Date.now() - LOST_MS);
}
